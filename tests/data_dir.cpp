// Who may have the data directory, and what identity it keeps.
#define CAF_SUITE data_dir

#include "app/data_dir.hpp"
#include "actors/storage/file_lock.hpp"
#include "messages/error.hpp"
#include "tests/disk_calls.hpp"
#include "tests/temp_dir.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
using namespace std::chrono_literals;

struct fixture {
  std::string content(const std::string& path) const {
    return test::read_file(root + path);
  }

  static bool tells(const caf::error& err, const std::string& words) {
    return text_of(err).find(words) != std::string::npos;
  }

  mode_t mode(const std::string& path) const {
    struct stat found {};
    ::stat((root + path).c_str(), &found);
    return found.st_mode & 0777;
  }

  test::temp_dir dir;
  std::string root = dir.path();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(data_dir_tests, fixture)

CAF_TEST(a first start makes the directory for its owner alone) {
  auto data = data_dir::open(root + "/a/", 0s);
  CAF_REQUIRE(data);
  CAF_CHECK_EQUAL(data->id().size(), 32u);
  CAF_CHECK_EQUAL(content("/a/id"), data->id() + '\n');
  CAF_CHECK_EQUAL(mode("/a"), 0700u);
  CAF_CHECK_EQUAL(mode("/a/logs"), 0700u);
  CAF_CHECK_EQUAL(mode("/a/id"), 0600u);
  CAF_CHECK_EQUAL(mode("/a/lock"), 0600u);
}

CAF_TEST(directories above it are not made but named) {
  auto data = data_dir::open(root + "/a/b/c", 0s);
  CAF_REQUIRE(!data);
  CAF_CHECK(data.error() == ec::invalid_setting);
  CAF_CHECK(tells(data.error(), "there is no directory " + root + "/a/b "));
  CAF_CHECK(!std::filesystem::exists(root + "/a"));
}

CAF_TEST(where nothing can be made it is told at once) {
  for (auto path : {"/proc/x", "/proc/x/y", "/dev/null/x"}) {
    auto data = data_dir::open(path, 0s);
    CAF_REQUIRE(!data);
    CAF_CHECK(data.error() == ec::invalid_setting);
  }
}

CAF_TEST(a directory whose lock is no file is told to be of another program) {
  std::filesystem::create_directories(root + "/a/lock");
  std::filesystem::create_directories(root + "/b");
  std::filesystem::create_symlink(root + "/a/lock", root + "/b/lock");
  for (auto path : {"/a", "/b"}) {
    auto data = data_dir::open(root + path, 0s);
    CAF_REQUIRE(!data);
    CAF_CHECK(data.error() == ec::invalid_setting);
    CAF_CHECK(tells(data.error(), "not one of Sluice's"));
    CAF_CHECK(tells(data.error(), "--data-dir"));
    CAF_CHECK(!std::filesystem::exists(root + path + "/id"));
  }
}

CAF_TEST(the identity stays the same and no two are alike) {
  const auto id = [&](const std::string& path) {
    auto data = data_dir::open(root + path, 0s);
    CAF_REQUIRE(data);
    return data->id();
  };
  const auto first = id("/a");
  CAF_CHECK_EQUAL(id("/a"), first);
  CAF_CHECK_NOT_EQUAL(id("/b"), first);
}

CAF_TEST(a directory in use is refused with its paths) {
  auto owner = data_dir::open(root, 0s);
  CAF_REQUIRE(owner);
  auto second = data_dir::open(root, 0s);
  CAF_REQUIRE(!second);
  CAF_CHECK(second.error() == ec::unavailable);
  CAF_CHECK(tells(second.error(), root + "/lock"));
}

CAF_TEST(a directory in use is refused at once and tells whose it is) {
  auto owner = data_dir::open(root, 0s);
  CAF_REQUIRE(owner);
  auto second = data_dir::open(root, 1h);
  CAF_REQUIRE(!second);
  CAF_CHECK(tells(second.error(), "pid " + std::to_string(::getpid())));
  CAF_CHECK(tells(second.error(), "--data-dir="));
}

CAF_TEST(a holder of the lock who is gone or elsewhere or unknown is waited for) {
  const unique_fd lock{::open((root + "/lock").c_str(), O_RDWR | O_CREAT, 0600)};
  CAF_REQUIRE(::flock(lock.get(), LOCK_EX) == 0);
  for (auto [content, words] :
       {std::pair{"", "sluiced ("}, std::pair{"garbage", "sluiced ("},
        std::pair{"1 pid:[1] runs\n", "pid 1 in another container"},
        std::pair{"1 pid:[1] ends\n", "which is ending"}}) {
    test::write_file(root + "/lock", content);
    CAF_CHECK(!read_holder(lock.get()).stays());
    auto data = data_dir::open(root, 1ms);
    CAF_REQUIRE(!data);
    CAF_CHECK(tells(data.error(), words));
  }
  const auto child = ::fork();
  if (child == 0)
    ::_exit(0);
  siginfo_t ended;
  CAF_REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT) == 0);
  write_holder(lock.get(), false);
  auto dead = read_holder(lock.get());
  CAF_CHECK(dead.stays());
  dead.pid = child;
  CAF_CHECK(!dead.stays());
  ::waitpid(child, nullptr, 0);
  CAF_CHECK(!dead.stays());
}

CAF_TEST(the lock of an owner that ends is waited for) {
  auto owner = std::make_unique<data_dir>(std::move(*data_dir::open(root, 0s)));
  owner->announce_end();
  std::thread ending{[&] {
    std::this_thread::sleep_for(100ms);
    owner.reset();
  }};
  CAF_CHECK(data_dir::open(root, 10s));
  ending.join();
}

CAF_TEST(notes outlive their owner and what is written about the holder) {
  {
    auto owner = data_dir::open(root, 0s);
    CAF_REQUIRE(owner);
    CAF_CHECK_EQUAL(owner->notes(), "");
    CAF_CHECK(!owner->keep_notes("a\nlonger note\n"));
    CAF_CHECK(!owner->keep_notes("a\nnote\n"));
    owner->announce_end();
    CAF_CHECK_EQUAL(owner->notes(), "a\nnote\n");
  }
  auto next = data_dir::open(root, 0s);
  CAF_REQUIRE(next);
  CAF_CHECK_EQUAL(next->notes(), "a\nnote\n");
  auto second = data_dir::open(root, 1h);
  CAF_CHECK(tells(second.error(), "pid " + std::to_string(::getpid())));
}

CAF_TEST(the lock outlives its owner as a file) {
  CAF_CHECK(data_dir::open(root, 0s));
  CAF_CHECK(std::filesystem::exists(root + "/lock"));
}

CAF_TEST(a damaged identity is told and left alone) {
  test::write_file(root + "/id", "0123\n");
  auto data = data_dir::open(root, 0s);
  CAF_REQUIRE(!data);
  CAF_CHECK(data.error() == ec::unavailable);
  CAF_CHECK_EQUAL(content("/id"), "0123\n");
}

CAF_TEST(an unfinished identity of an earlier start does no harm) {
  test::write_file(root + "/id.new", "0123");
  auto data = data_dir::open(root, 0s);
  CAF_REQUIRE(data);
  CAF_CHECK_EQUAL(content("/id"), data->id() + '\n');
}

CAF_TEST(a path that can be no directory is an invalid setting) {
  test::write_file(root + "/file", "x");
  for (const auto& path : {root + "/file", root + "/file/below"}) {
    auto data = data_dir::open(path, 0s);
    CAF_REQUIRE(!data);
    CAF_CHECK(data.error() == ec::invalid_setting);
    CAF_CHECK_NOT_EQUAL(text_of(data.error()).find("Not a directory"), std::string::npos);
  }
}

CAF_TEST(what a first start makes is on disk by its name) {
  test::disk_calls disk{root};
  CAF_REQUIRE(data_dir::open(root + "/a", 0s));
  CAF_CHECK(disk.synced("."));
  CAF_CHECK(disk.synced("a"));
  CAF_CHECK(disk.synced("a/id.new"));
  for (auto unsynced : {".", "b"}) {
    std::filesystem::remove_all(root + "/b");
    disk.fail_syncs(unsynced, 1);
    CAF_CHECK(!data_dir::open(root + "/b", 0s));
  }
  CAF_MESSAGE("and a later start has nothing left to bring there");
  disk.take();
  CAF_REQUIRE(data_dir::open(root + "/a", 0s));
  const auto done = disk.take();
  CAF_CHECK(done.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

// Who may have the data directory, and what identity it keeps.
#define CAF_SUITE data_dir

#include "app/data_dir.hpp"
#include "messages/error.hpp"
#include "tests/temp_dir.hpp"

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
using namespace std::chrono_literals;

struct fixture {
  std::string content(const std::string& path) const {
    return test::read_file(root + path);
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
  auto data = data_dir::open(root + "/a/b/", 0s);
  CAF_REQUIRE(data);
  CAF_CHECK_EQUAL(data->id().size(), 32u);
  CAF_CHECK_EQUAL(content("/a/b/id"), data->id() + '\n');
  CAF_CHECK_EQUAL(mode("/a"), 0700u);
  CAF_CHECK_EQUAL(mode("/a/b"), 0700u);
  CAF_CHECK_EQUAL(mode("/a/b/logs"), 0700u);
  CAF_CHECK_EQUAL(mode("/a/b/id"), 0600u);
  CAF_CHECK_EQUAL(mode("/a/b/lock"), 0600u);
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
  CAF_CHECK_NOT_EQUAL(text_of(second.error()).find(root + "/lock"), std::string::npos);
}

CAF_TEST(the lock of an owner that ends is waited for) {
  auto owner = std::make_unique<data_dir>(std::move(*data_dir::open(root, 0s)));
  std::thread ending{[&] {
    std::this_thread::sleep_for(100ms);
    owner.reset();
  }};
  CAF_CHECK(data_dir::open(root, 10s));
  ending.join();
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

CAF_TEST_FIXTURE_SCOPE_END()

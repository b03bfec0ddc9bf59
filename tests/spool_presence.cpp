// What others do to the spool: files deleted or renamed under it, its file system filled,
// its data directory moved.
#define CAF_SUITE spool_presence

#include "actors/storage/spool.hpp"
#include "actors/storage/spool_reading.hpp"
#include "messages/error.hpp"
#include "tests/small_tmpfs.hpp"
#include "tests/spool_fixture.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
using namespace std::string_literals;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct fixture : test::spool_fixture {
  lane_id lane = 0;
  uint64_t seq = 0;
  std::chrono::steady_clock::time_point now{1h};

  void begin() {
    fs::remove_all(ram.path() + "/above");
    config.dir = ram.path() + "/above/spool";
    reopen();
    lane = aut->lane(lane_kind::log, "a");
    seq = 0;
  }

  caf::error append(size_t bytes = 1) {
    now += spool::look_pause;
    auto err = aut->append(lane, seq + 1, 1, std::string(bytes, 'x'), now);
    seq += err ? 0 : 1;
    return err;
  }

  /// The segments' names, the oldest first.
  std::vector<std::string> sorted_segments() const {
    auto result = segments();
    std::sort(result.begin(), result.end());
    return result;
  }

  /// Appends until so many segments are in use.
  void fill_segments(size_t count) {
    while (segments().size() < count)
      CAF_REQUIRE(!append(1'000));
  }

  void fill_file(const std::string& path) {
    std::ofstream file{path, std::ios::binary};
    const std::string block(4'096, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      // nop
    }
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(spool_presence_tests, fixture)

// -- files that go -------------------------------------------------------------------

CAF_TEST(nothing is taken in once any file is gone) {
  const std::vector<std::pair<const char*, std::function<void()>>> deeds = {
    {"the header", [&] { fs::remove(config.dir + "/header"); }},
    {"the tail", [&] { fs::remove(sorted_segments().back()); }},
    {"the oldest segment", [&] { fs::remove(sorted_segments().front()); }},
    {"all", [&] { fs::remove_all(config.dir); }},
    {"a rename", [&] { fs::rename(config.dir, config.dir + ".old"); }},
    {"a rename above", [&] { fs::rename(ram.path() + "/above", ram.path() + "/gone"); }},
    {"another directory in its place",
     [&] {
       fs::rename(config.dir, config.dir + ".old");
       fs::create_directory(config.dir);
     }},
  };
  for (const auto& [what, deed] : deeds) {
    CAF_MESSAGE(what);
    begin();
    fill_segments(3);
    CAF_REQUIRE(!append());
    // Kernels before 6.13 tell no two changes of one tick apart.
    std::this_thread::sleep_for(20ms);
    CAF_MESSAGE("two looks find that all has settled");
    CAF_REQUIRE(!append());
    CAF_REQUIRE(!append());
    const auto taken = seq;
    deed();
    CAF_CHECK(append() == ec::unavailable);
    CAF_CHECK(!aut->available());
    CAF_CHECK(aut->needs_care());
    CAF_CHECK_EQUAL(aut->state(lane).appended, taken);
    CAF_REQUIRE(!aut->renew());
    CAF_CHECK(!append());
    CAF_CHECK(!aut->needs_care());
    fs::remove_all(ram.path() + "/gone");
  }
}

CAF_TEST(a file in the place of one of ours stops it until it is taken away) {
  begin();
  fill_segments(3);
  const auto oldest = sorted_segments().front();
  fs::copy_file(oldest, oldest + ".copy");
  fs::rename(oldest + ".copy", oldest);
  CAF_CHECK(append() == ec::unavailable);
  CAF_CHECK(aut->renew() == ec::unavailable);
  fs::remove(oldest);
  CAF_REQUIRE(!aut->renew());
  CAF_CHECK(!append());
}

CAF_TEST(a file system over the place is noticed after a moment) {
  begin();
  CAF_REQUIRE(!append());
  std::this_thread::sleep_for(20ms);
  CAF_REQUIRE(!append());
  CAF_REQUIRE(!append());
  const test::small_tmpfs small{config.dir, "1m"};
  if (!small)
    return;
  now += spool::mount_look_pause;
  CAF_CHECK(append() == ec::unavailable);
}

CAF_TEST(of a burst one looks for all) {
  begin();
  CAF_REQUIRE(!append());
  fs::remove(config.dir + "/header");
  const auto just_before = now + spool::look_pause - 1ns;
  CAF_CHECK(!aut->append(lane, ++seq, 1, "x", just_before));
  CAF_CHECK(append() == ec::unavailable);
}

CAF_TEST(files of others in the directory disturb nobody) {
  begin();
  for (int i = 0; i < 100; ++i) {
    test::write_file(config.dir + "/introspection.sock" + std::to_string(i), "");
    CAF_REQUIRE(!append());
    fs::remove(config.dir + "/introspection.sock" + std::to_string(i));
    CAF_REQUIRE(!append());
  }
}

// -- room that others take -----------------------------------------------------------

CAF_TEST(what is written gives way when others fill the file system) {
  begin();
  const test::small_tmpfs small{config.dir, "1m"};
  if (!small)
    return;
  reopen();
  lane = aut->lane(lane_kind::log, "a");
  fill_segments(4);
  aut->written(lane, seq);
  fill_file(config.dir + "/others");
  CAF_MESSAGE("nothing waits to be written, so nothing is refused");
  for (int i = 0; i < 1'000; ++i) {
    CAF_REQUIRE(!append(1'000));
    aut->written(lane, seq);
  }
  CAF_CHECK_EQUAL(aut->fill().crowded_out, "");
  CAF_CHECK_EQUAL(aut->fill().refusals, 0u);
}

CAF_TEST(who has the room is told and it ends by itself) {
  begin();
  const test::small_tmpfs small{config.dir, "1m"};
  if (!small)
    return;
  reopen();
  lane = aut->lane(lane_kind::log, "a");
  fill_file(config.dir + "/others");
  caf::error err;
  while (!err)
    err = append(1'000);
  CAF_CHECK(err == ec::overloaded);
  CAF_CHECK_NOT_EQUAL(text_of(err).find(config.dir), std::string::npos);
  CAF_CHECK_NOT_EQUAL(text_of(err).find(" of its 1048576 bytes"), std::string::npos);
  CAF_CHECK_EQUAL(aut->fill().crowded_out, text_of(err));
  CAF_CHECK(!aut->has_room());
  CAF_CHECK(aut->needs_care());
  CAF_MESSAGE("room that came back is seen without an append");
  fs::remove(config.dir + "/others");
  CAF_CHECK(!aut->needs_care());
  CAF_CHECK(aut->has_room());
  CAF_CHECK(!append(1'000));
  CAF_MESSAGE("and so is room that a write made");
  fill_file(config.dir + "/others");
  for (err = {}; !err;)
    err = append(1'000);
  aut->written(lane, seq);
  CAF_CHECK(!aut->needs_care());
  CAF_CHECK(!append(1'000));
}

CAF_TEST(a large record finds room in place of what is written) {
  begin();
  const test::small_tmpfs small{config.dir, "1m"};
  if (!small)
    return;
  reopen();
  lane = aut->lane(lane_kind::log, "a");
  fill_segments(8);
  fill_file(config.dir + "/others");
  const auto large = size_t{200'000};
  CAF_CHECK(append(large) == ec::overloaded);
  aut->written(lane, seq);
  CAF_CHECK(!append(large));
  CAF_CHECK_EQUAL(aut->read(lane, seq - 1).size(), 1u);
}

CAF_TEST(inodes that others use up are named as such) {
  begin();
  const test::small_tmpfs small{config.dir, "1m,nr_inodes=12"};
  if (!small)
    return;
  reopen();
  lane = aut->lane(lane_kind::log, "a");
  for (int i = 0; std::ofstream{config.dir + "/other" + std::to_string(i)}; ++i) {
    // nop
  }
  caf::error err;
  while (!err)
    err = append(1'000);
  CAF_CHECK(err == ec::overloaded);
  CAF_CHECK_NOT_EQUAL(text_of(err).find("no inode left of 12"), std::string::npos);
  aut->written(lane, seq);
  CAF_CHECK(!append(1'000));
}

// -- the data directory --------------------------------------------------------------

CAF_TEST(a data directory that was moved finds its spool and is named in it) {
  begin();
  fill_segments(2);
  config.data_dir = "/data/moved";
  reopen();
  CAF_CHECK_EQUAL(aut->read(lane, 0).size(), seq);
  const auto owner = spool_owner(config.dir);
  CAF_REQUIRE(owner && *owner);
  CAF_CHECK_EQUAL((*owner)->data_dir, "/data/moved");
  CAF_CHECK_EQUAL((*owner)->data_id, config.data_id);
  CAF_CHECK(spool_in_use(config.dir));
  CAF_CHECK(!append());
  CAF_CHECK(!fs::exists(config.dir + "/header.new"));
  config.data_dir = "/data/moved/again";
  reopen();
  CAF_CHECK_EQUAL(aut->read(lane, 0).size(), seq);
}

CAF_TEST(another directory is told what a spool holds and the two ways on) {
  begin();
  CAF_REQUIRE(!append());
  CAF_REQUIRE(!append());
  const auto first = config.data_dir;
  config.data_id = "data-2";
  const auto text = text_of(refusal());
  for (const auto& part : {first, "2 items of log a"s, "put back"s,
                           "move the spool away"s, "sluicectl spool " + config.dir})
    CAF_CHECK_NOT_EQUAL(text.find(part), std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()

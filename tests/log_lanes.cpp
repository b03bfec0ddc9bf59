// A log for which the spool has no lane: it goes on in memory, says so, and comes back.
#define CAF_SUITE log_lanes

#include "tests/log_spool_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct lanes_fixture : log_spool_fixture {
  lanes_fixture() {
    keep.reset();
    open_spool(small);
    caf::error err;
    while (!err) {
      others.push_back(keep->lane(lane_kind::session, std::to_string(others.size())));
      err = keep->append(others.back(), 1, 1, "x");
    }
    start();
  }

  void free_lanes() {
    for (auto lane : others)
      keep->released(lane, 1);
  }

  durability level(const std::string& text) { return append(text).level; }

  std::vector<lane_id> others;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_lanes_tests, lanes_fixture)

CAF_TEST(a log without a lane answers memory and refuses what must be more) {
  CAF_CHECK(level("one\n") == durability::memory);
  CAF_CHECK(refused("two\n", durability::ram) == ec::unavailable);
  CAF_CHECK_EQUAL(flush(), 1u);
  CAF_CHECK(level("two\n") == durability::memory);
  CAF_CHECK(persist() == durability::disk);
  CAF_CHECK_EQUAL(file(), "one\ntwo\n");
}

CAF_TEST(a log that gets a lane answers ram again once no batch can mix the two) {
  CAF_CHECK(level("one\n") == durability::memory);
  free_lanes();
  CAF_CHECK(level("two\n") == durability::memory);
  CAF_CHECK(refused("three\n", durability::ram) == ec::unavailable);
  flush();
  CAF_CHECK(level("three\n") == durability::ram);
  CAF_MESSAGE("of the spool each line comes back once and of memory none twice");
  die();
  start();
  flush();
  CAF_CHECK_EQUAL(file(), "one\ntwo\nthree\n");
}

CAF_TEST(lines without a lane do not wait for the window when they are many) {
  log_buffer_config config;
  config.max_entries = 2;
  config.adaptive = true;
  start_buffer(config);
  level("one\n");
  CAF_CHECK_EQUAL(file(), "");
  level("two\n");
  settle();
  CAF_CHECK_EQUAL(file(), "one\ntwo\n");
}

CAF_TEST_FIXTURE_SCOPE_END()

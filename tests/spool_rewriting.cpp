// What was written once and is about to be written again: until it is, the spool is all
// that there is of it, and gives none of it up however short room is.
#define CAF_SUITE spool_rewriting

#include "actors/storage/spool.hpp"
#include "messages/error.hpp"
#include "tests/spool_fixture.hpp"

#include <string>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;

struct fixture : test::spool_fixture {
  fixture() {
    reopen();
    lane = aut->lane(lane_kind::log, "a");
    for (uint64_t seq = 1; seq <= 100; ++seq)
      CAF_REQUIRE(!aut->append(lane, seq, 1, std::string(1000, 'x')));
    aut->written(lane, 100);
  }

  /// Has another lane take all the room that can be had.
  void make_room_short() {
    const auto other = aut->lane(lane_kind::log, "other");
    for (uint64_t seq = 1; !aut->append(other, seq, 1, std::string(1000, 'y')); ++seq)
      continue;
  }

  size_t kept() { return aut->read(lane, 0).size(); }

  /// What is kept, in this life and the next.
  void check_kept(size_t count) {
    const auto now = kept();
    CAF_CHECK_EQUAL(now, count);
    reopen();
    const auto later = aut->read(aut->lane(lane_kind::log, "a"), 0).size();
    CAF_CHECK_EQUAL(later, count);
  }

  lane_id lane = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(spool_rewriting_tests, fixture)

CAF_TEST(what is written gives way) {
  make_room_short();
  CAF_CHECK_EQUAL(kept(), 0u);
}

CAF_TEST(what is about to be written again does not give way) {
  aut->begin_batch(lane, {{1, 2, 300}, 1, 100});
  make_room_short();
  check_kept(100);
}

CAF_TEST(once it is written again it gives way as before) {
  aut->begin_batch(lane, {{1, 2, 300}, 1, 100});
  aut->written(lane, 100);
  make_room_short();
  CAF_CHECK_EQUAL(kept(), 0u);
}

CAF_TEST(what a failed sync has put in doubt does not give way) {
  aut->doubt(lane, {{{1, 2, 300}, 1, 100}, true});
  make_room_short();
  check_kept(100);
}

CAF_TEST(of two syncs the one that failed counts) {
  aut->doubt(lane, {{{1, 2, 300}, 1, 100}, true});
  aut->doubt(lane, {{{1, 2, 300}, 1, 100}, false});
  make_room_short();
  check_kept(100);
}

CAF_TEST(what is in doubt gives way once a good sync has released it) {
  aut->doubt(lane, {{{1, 2, 300}, 1, 100}, true});
  aut->released(lane, 100);
  make_room_short();
  CAF_CHECK_EQUAL(kept(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

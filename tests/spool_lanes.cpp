// More lanes than the spool can name: who got none is told so, everybody else goes on,
// and the place of a lane that holds nothing is given to another.
#define CAF_SUITE spool_lanes

#include "tests/spool_fixture.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

struct fixture : spool_fixture {
  fixture() { reopen(); }

  static std::string name_of(int n) { return "store-" + std::to_string(n); }

  lane_id lane(int n) { return aut->lane(lane_kind::session, name_of(n)); }

  caf::error append(lane_id to, size_t bytes = 8) {
    return aut->append(to, aut->state(to).appended + 1, 1, std::string(bytes, 'x'));
  }

  /// Appends an item to lane after lane until one gets no place; returns how many did.
  int fill_lanes() {
    for (auto n = 0; n < 10'000; ++n)
      if (auto err = append(lane(n))) {
        CAF_CHECK(err == ec::unavailable);
        return n;
      }
    return 0;
  }

  void release(lane_id of) { aut->released(of, aut->state(of).appended); }

  /// So much traffic that every segment is used again.
  void go_round(lane_id by) {
    for (size_t bytes = 0; bytes < 3 * config.max_bytes; bytes += 8192) {
      CAF_REQUIRE(!append(by, 8192));
      release(by);
    }
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(spool_lanes_tests, fixture)

CAF_TEST(lanes that nobody uses any more are forgotten and their numbers are not ) {
  const auto count = [this] { return aut->lanes().size(); };
  for (auto n = 0; n < 10'000; ++n) {
    const auto each = lane(n);
    // Some get a place, and some none: then nothing is in the spool, and all in the file.
    if (append(each))
      aut->written(each, aut->state(each).appended + 1);
    release(each);
    aut->forget(each);
  }
  CAF_CHECK_LESS(count(), 5'000u);
  const auto floor = aut->state(lane(0)).appended;
  CAF_CHECK_GREATER(floor, 0u);
  CAF_MESSAGE("one that holds something is not forgotten");
  go_round(lane(1));
  const auto holder = lane(2);
  CAF_REQUIRE(!append(holder));
  const auto last = aut->state(holder).appended;
  aut->forget(holder);
  CAF_CHECK_EQUAL(lane(2), holder);
  CAF_CHECK_EQUAL(aut->state(holder).appended, last);
  aut->forget(holder);
  reopen();
  CAF_CHECK_EQUAL(aut->read(lane(2), last - 1).size(), 1u);
}

CAF_TEST(a lane that finds no place is told so and the others go on) {
  auto lanes = fill_lanes();
  CAF_REQUIRE_GREATER(lanes, 100);
  CAF_CHECK(aut->fill().lanes_short);
  CAF_CHECK_EQUAL(aut->fill().lanes, static_cast<size_t>(lanes));
  CAF_CHECK_EQUAL(aut->fill().lane_refusals, 1u);
  CAF_MESSAGE("that is no lack of room");
  CAF_CHECK_EQUAL(aut->fill().refusals, 0u);
  CAF_CHECK(!aut->fill().refusing);
  for (auto n = 0; n < lanes; ++n)
    CAF_REQUIRE(!append(lane(n)));
  CAF_MESSAGE("the queue has a place kept");
  CAF_CHECK(!append(aut->lane(lane_kind::queue, "sql")));
  CAF_CHECK(append(lane(lanes)) == ec::unavailable);
  CAF_MESSAGE("marks of a lane without a place do no harm");
  aut->written(lane(lanes), 5);
  aut->released(lane(lanes), 5);
  reopen();
  CAF_CHECK_EQUAL(aut->state(lane(0)).appended, 2u);
  CAF_CHECK_EQUAL(aut->read(lane(lanes - 1), 0).size(), 2u);
}

CAF_TEST(the place of a lane that holds nothing is given to another) {
  auto lanes = fill_lanes();
  for (auto n = 1; n < lanes; ++n)
    release(lane(n));
  CAF_MESSAGE("a lane that holds something keeps its place and its oldest segment");
  go_round(lane(1));
  CAF_CHECK(append(lane(lanes)) == ec::unavailable);
  CAF_CHECK(aut->fill().lanes_short);
  release(lane(0));
  go_round(lane(1));
  CAF_CHECK(!aut->fill().lanes_short);
  CAF_CHECK(!append(lane(lanes)));
  auto numbers = aut->state(lane(2));
  reopen();
  CAF_CHECK_EQUAL(aut->read(lane(lanes), 0).size(), 1u);
  CAF_MESSAGE("nothing of the others comes back and no number is given twice");
  for (auto n = 0; n < lanes; ++n) {
    CAF_REQUIRE(aut->read(lane(n), 0).empty());
    CAF_REQUIRE_EQUAL(aut->state(lane(n)).appended, aut->state(lane(n)).released);
    CAF_REQUIRE_GREATER_OR_EQUAL(aut->state(lane(n)).appended, 1u);
  }
  CAF_CHECK_GREATER_OR_EQUAL(aut->state(lane(2)).appended, numbers.appended);
}

CAF_TEST(a lane that nobody uses gives its place away without traffic) {
  auto lanes = fill_lanes();
  for (auto n = 0; n < lanes; ++n)
    release(lane(n));
  CAF_CHECK(!append(lane(lanes)));
  CAF_CHECK(!aut->fill().lanes_short);
  CAF_CHECK_EQUAL(aut->state(lane(0)).appended, 1u);
  reopen();
  CAF_CHECK_EQUAL(aut->read(lane(lanes), 0).size(), 1u);
}

CAF_TEST(lanes that run short are told of and won back though another goes on) {
  const auto busy = aut->lane(lane_kind::log, "busy");
  auto lanes = 0;
  for (; !aut->is_short_of_lanes(); ++lanes) {
    CAF_REQUIRE(!append(lane(lanes)));
    CAF_REQUIRE(!append(busy));
  }
  CAF_MESSAGE("that is told before one is refused");
  CAF_CHECK(aut->needs_care());
  CAF_CHECK(!aut->fill().lanes_short);
  CAF_CHECK(!append(lane(lanes)));
  CAF_MESSAGE("it takes no more than two rounds that bring everything to disk");
  for (auto round = 0; round < 2; ++round) {
    for (auto n = 0; n <= lanes; ++n)
      release(lane(n));
    release(busy);
    CAF_REQUIRE(!append(busy));
    aut->needs_care();
  }
  CAF_CHECK(!aut->is_short_of_lanes());
  CAF_CHECK_LESS(aut->fill().lanes, 8u);
  for (auto n = 0; n < lanes; ++n)
    CAF_REQUIRE(!append(lane(10'000 + n)));
  const auto last = aut->state(busy).appended;
  reopen();
  CAF_CHECK_EQUAL(aut->read(busy, last - 1).size(), 1u);
  CAF_CHECK_EQUAL(aut->read(lane(10'000), 0).size(), 1u);
  CAF_CHECK_EQUAL(aut->read(lane(1), 0).size(), 0u);
}

CAF_TEST(lanes keep their numbers while there is a place for each) {
  for (auto n = 0; n < 50; ++n) {
    append(lane(n));
    release(lane(n));
  }
  go_round(lane(0));
  reopen();
  for (auto n = 1; n < 50; ++n)
    CAF_CHECK_EQUAL(aut->state(lane(n)).appended, 1u);
  CAF_CHECK_EQUAL(aut->state(lane(50)).appended, 0u);
}

CAF_TEST(a start with a smaller bound takes over all lanes) {
  config.max_bytes = 33'554'432;
  aut.reset();
  std::filesystem::remove_all(config.dir);
  reopen();
  constexpr auto lanes = 2000;
  for (auto round = 0; round < 4; ++round)
    for (auto n = 0; n < lanes; ++n)
      CAF_REQUIRE(!append(lane(n), 1000));
  for (auto n = 0; n < lanes; n += 2)
    release(lane(n));
  config.max_bytes = spool_bytes_min;
  for (auto start = 0; start < 3; ++start) {
    reopen();
    for (auto n = 0; n < lanes; ++n) {
      auto items = n % 2 == 0 ? 0u : 4u;
      CAF_REQUIRE_EQUAL(aut->state(lane(n)).appended, 4u);
      CAF_REQUIRE_EQUAL(aut->read(lane(n), 0).size(), items);
    }
  }
  CAF_MESSAGE("what a start replays it can mark and let go");
  for (auto n = 1; n < lanes; n += 2) {
    aut->begin_batch(lane(n), {{1, 2, 3}, 1, 4});
    aut->written(lane(n), 4);
    if (n % 100 == 1) {
      reopen();
      CAF_REQUIRE_EQUAL(aut->state(lane(n)).written, 4u);
    }
    release(lane(n));
  }
  CAF_CHECK(aut->available());
  CAF_CHECK(!append(lane(0)));
  go_round(lane(0));
  CAF_CHECK_LESS_OR_EQUAL(aut->fill().allocated_bytes, config.max_bytes);
  reopen();
  for (auto n = 0; n < lanes; ++n)
    CAF_REQUIRE(aut->read(lane(n), 0).empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

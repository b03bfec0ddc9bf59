// What the spool takes, keeps and lets go, within one life and over several.
#define CAF_SUITE spool

#include "actors/storage/spool.hpp"
#include "messages/error.hpp"
#include "tests/spool_fixture.hpp"

#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;

struct fixture : test::spool_fixture {
  fixture() { reopen(); }

  /// Appends items of so many bytes, one a record, until it says no.
  uint64_t fill_lane(lane_id lane, size_t bytes) {
    auto seq = aut->state(lane).appended;
    while (!aut->append(lane, seq + 1, 1, std::string(bytes, 'x')))
      ++seq;
    return seq;
  }

  std::vector<spool_record> records(uint64_t from, uint64_t to) {
    std::vector<spool_record> result;
    for (auto seq = from; seq <= to; ++seq)
      result.push_back({seq, 1, "item " + std::to_string(seq)});
    return result;
  }

  void append_items(lane_id lane, uint64_t from, uint64_t to) {
    for (const auto& each : records(from, to))
      CAF_REQUIRE_EQUAL(aut->append(lane, each.last_seq, each.count, each.data),
                        caf::none);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(spool_tests, fixture)

CAF_TEST(what was appended is read in order) {
  auto lane = aut->lane(lane_kind::log, "a");
  append_items(lane, 1, 100);
  CAF_CHECK(aut->read(lane, 0) == records(1, 100));
  CAF_CHECK(aut->read(lane, 60) == records(61, 100));
  CAF_CHECK(aut->read(lane, 100).empty());
}

CAF_TEST(a later life finds what was not released) {
  auto lane = aut->lane(lane_kind::log, "a");
  auto other = aut->lane(lane_kind::queue, "a");
  append_items(lane, 1, 100);
  append_items(other, 1, 5);
  aut->written(lane, 50);
  aut->released(lane, 30);
  auto id = aut->id();
  reopen();
  CAF_CHECK_EQUAL(aut->id(), id);
  CAF_CHECK_EQUAL(aut->lane(lane_kind::log, "a"), lane);
  CAF_CHECK_EQUAL(aut->lane(lane_kind::queue, "a"), other);
  CAF_CHECK(aut->read(lane, 0) == records(31, 100));
  CAF_CHECK(aut->read(other, 0) == records(1, 5));
  auto state = aut->state(lane);
  CAF_CHECK_EQUAL(state.appended, 100u);
  CAF_CHECK_EQUAL(state.written, 50u);
  CAF_CHECK_EQUAL(state.released, 30u);
}

CAF_TEST(a note lives until its batch is written) {
  auto lane = aut->lane(lane_kind::log, "a");
  append_items(lane, 1, 10);
  batch_note note{{1, 2, 3}, 1, 8};
  aut->begin_batch(lane, note);
  reopen();
  CAF_CHECK(aut->state(lane).note == note);
  aut->written(lane, 4);
  reopen();
  CAF_CHECK(aut->state(lane).note == note);
  aut->written(lane, 8);
  reopen();
  CAF_CHECK(!aut->state(lane).note);
}

CAF_TEST(a doubt lives until its items are released or begun in another file) {
  auto lane = aut->lane(lane_kind::log, "a");
  append_items(lane, 1, 9);
  aut->written(lane, 6);
  sync_doubt what{{{1, 2, 300}, 3, 6}, false};
  aut->doubt(lane, what);
  CAF_CHECK(reopen().state(lane).doubt == what);
  what.failed = true;
  aut->doubt(lane, what);
  CAF_MESSAGE("AND that it failed is not forgotten when a sync is tried again");
  aut->doubt(lane, {what.what, false});
  CAF_CHECK(reopen().state(lane).doubt == what);
  aut->begin_batch(lane, {{1, 2, 300}, 3, 6});
  CAF_CHECK(reopen().state(lane).doubt == what);
  CAF_CHECK_EQUAL(aut->state(lane).written, 2u);
  aut->written(lane, 6);
  aut->released(lane, 4);
  what.what.first_seq = 5;
  CAF_CHECK(reopen().state(lane).doubt == what);
  aut->begin_batch(lane, {{1, 7, 0}, 5, 6});
  CAF_CHECK(!reopen().state(lane).doubt.has_value());
  aut->written(lane, 6);
  aut->doubt(lane, what);
  aut->released(lane, 6);
  CAF_CHECK(!reopen().state(lane).doubt.has_value());
}

CAF_TEST(numbers of a lane survive when all its items are gone) {
  auto lane = aut->lane(lane_kind::session, "store");
  auto busy = aut->lane(lane_kind::log, "busy");
  append_items(lane, 1, 7);
  aut->released(lane, 7);
  for (uint64_t seq = 1; seq <= 5000; ++seq) {
    CAF_REQUIRE(!aut->append(busy, seq, 1, std::string(1000, 'x')));
    aut->released(busy, seq);
  }
  reopen();
  CAF_CHECK_EQUAL(aut->state(lane).appended, 7u);
  CAF_CHECK_EQUAL(aut->state(lane).released, 7u);
  CAF_CHECK_EQUAL(aut->state(busy).released, 5000u);
  CAF_CHECK(aut->append(lane, 7, 1, "again") == ec::invalid_argument);
  CAF_CHECK(!aut->append(lane, 8, 1, "next"));
}

CAF_TEST(the bound holds and what is full says so) {
  auto lane = aut->lane(lane_kind::log, "a");
  auto last = fill_lane(lane, 1000);
  CAF_CHECK(aut->append(lane, last + 1, 1, std::string(1000, 'x')) == ec::overloaded);
  CAF_CHECK_LESS_OR_EQUAL(bytes_on_disk(), config.max_bytes);
  CAF_CHECK_GREATER(last, config.max_bytes / 1000 / 2);
  CAF_CHECK(!aut->has_room());
  CAF_CHECK(aut->fill().refusing);
  CAF_CHECK_GREATER(aut->fill().refusals, 0u);
  CAF_CHECK_EQUAL(aut->read(lane, 0).size(), last);
  aut->released(lane, last);
  CAF_CHECK(aut->has_room());
  CAF_CHECK(!aut->fill().refusing);
  CAF_CHECK_EQUAL(aut->fill().unwritten_bytes, 0u);
  CAF_CHECK_LESS_OR_EQUAL(aut->fill().segments, 2u);
}

CAF_TEST(a full spool takes marks in this life and the next) {
  auto lane = aut->lane(lane_kind::log, "a");
  auto other = aut->lane(lane_kind::log, "b");
  append_items(other, 1, 1);
  auto last = fill_lane(lane, 1000);
  for (auto life = 0; life < 3; ++life) {
    for (uint64_t i = 0; i < 20'000; ++i)
      aut->begin_batch(other, {{1, 2, i}, 1, 1});
    CAF_CHECK(aut->available());
    CAF_CHECK_LESS_OR_EQUAL(bytes_on_disk(), config.max_bytes);
    reopen();
    CAF_CHECK(aut->state(other).note == (batch_note{{1, 2, 19'999}, 1, 1}));
    CAF_CHECK_EQUAL(aut->read(lane, 0).size(), last);
  }
}

CAF_TEST(written items stay until room is short) {
  auto lane = aut->lane(lane_kind::log, "a");
  auto last = fill_lane(lane, 1000);
  aut->written(lane, last);
  CAF_CHECK_EQUAL(aut->read(lane, 0).size(), last);
  CAF_CHECK(aut->has_room());
  CAF_CHECK(!aut->append(lane, last + 1, 1, std::string(1000, 'x')));
  auto left = aut->read(lane, 0);
  CAF_CHECK_LESS(left.size(), last + 1);
  CAF_CHECK_EQUAL(left.back().last_seq, last + 1);
}

CAF_TEST(what a sync under way is to bring to disk stays when room is short) {
  auto synced = aut->lane(lane_kind::log, "synced");
  auto other = aut->lane(lane_kind::log, "other");
  append_items(synced, 1, 2000);
  aut->written(synced, 2000);
  aut->doubt(synced, {{{1, 2, 0}, 1001, 2000}, false});
  uint64_t seq = 0;
  auto fill_with_written = [&] {
    for (auto n = 0; n < 2000; ++n)
      if (!aut->append(other, seq + 1, 1, std::string(1000, 'x')))
        aut->written(other, ++seq);
  };
  fill_with_written();
  CAF_CHECK(aut->read(synced, 1000) == records(1001, 2000));
  CAF_MESSAGE("AND whoever comes after a death keeps it as long as it is in doubt");
  reopen();
  fill_with_written();
  CAF_CHECK(aut->read(synced, 1000) == records(1001, 2000));
  CAF_MESSAGE("UNTIL the sync was good");
  aut->released(synced, 2000);
  CAF_CHECK(aut->read(synced, 0).empty());
}

CAF_TEST(a slow lane does not hold the rest) {
  auto slow = aut->lane(lane_kind::log, "slow");
  auto busy = aut->lane(lane_kind::log, "busy");
  uint64_t slow_seq = 0;
  for (uint64_t seq = 1; seq <= 20'000; ++seq) {
    if (seq % 100 == 0) {
      ++slow_seq;
      CAF_REQUIRE(!aut->append(slow, slow_seq, 1, "item " + std::to_string(slow_seq)));
    }
    CAF_REQUIRE(!aut->append(busy, seq, 1, std::string(1000, 'x')));
    aut->released(busy, seq);
  }
  CAF_CHECK(aut->read(slow, 0) == records(1, slow_seq));
  CAF_CHECK_GREATER(aut->fill().moved_bytes, 0u);
  CAF_CHECK_LESS_OR_EQUAL(bytes_on_disk(), config.max_bytes);
  reopen();
  CAF_CHECK(aut->read(slow, 0) == records(1, slow_seq));
}

CAF_TEST(a request of half the spool is taken and a larger one is not ) {
  auto lane = aut->lane(lane_kind::log, "a");
  auto half = config.max_bytes / 2;
  CAF_CHECK(aut->append(lane, 1, 1, std::string(half + 1, 'x')) == ec::too_large);
  CAF_CHECK(!aut->append(lane, 1, 1, std::string(half, 'x')));
  reopen();
  auto found = aut->read(lane, 0);
  CAF_REQUIRE_EQUAL(found.size(), 1u);
  CAF_CHECK(found[0].data == std::string(half, 'x'));
}

CAF_TEST(a large item that nobody can write does not hold the rest) {
  auto slow = aut->lane(lane_kind::log, "slow");
  auto busy = aut->lane(lane_kind::log, "busy");
  CAF_CHECK(!aut->append(slow, 1, 1, std::string(config.max_bytes / 2, 'x')));
  for (uint64_t seq = 1; seq <= 20'000; ++seq) {
    CAF_REQUIRE(!aut->append(busy, seq, 1, std::string(1000, 'x')));
    aut->released(busy, seq);
  }
  CAF_CHECK_EQUAL(aut->read(slow, 0).size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

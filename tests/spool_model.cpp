// Random use against a plain map that knows what the spool must hold.
#define CAF_SUITE spool_model

#include "actors/storage/spool.hpp"
#include "messages/error.hpp"
#include "tests/spool_fixture.hpp"

#include <map>
#include <random>
#include <string>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;

constexpr auto runs = 12;
constexpr auto steps = 3000;
constexpr size_t lanes_max = 6;

struct lane_model {
  lane_id id = 0;
  lane_state state;
  std::map<uint64_t, spool_record> records;

  /// Number of the last item that may be given up.
  uint64_t free_up_to() const {
    if (!state.doubt)
      return state.written;
    return std::min(state.written, state.doubt->what.first_seq - 1);
  }

  uint64_t held_bytes() const {
    uint64_t result = 0;
    for (auto i = records.upper_bound(free_up_to()); i != records.end(); ++i)
      result += i->second.data.size();
    return result;
  }
};

struct fixture : test::spool_fixture {
  fixture() { reopen(); }

  uint64_t below(uint64_t bound) { return bound == 0 ? 0 : random() % bound; }

  lane_model& some_lane() {
    auto n = below(lanes_max);
    auto& lane = lanes[n];
    if (lane.id == 0) {
      lane.state.kind = static_cast<lane_kind>(1 + n % 3);
      lane.state.name = "lane-" + std::to_string(n);
      lane.id = aut->lane(lane.state.kind, lane.state.name);
    }
    return lane;
  }

  /// Mostly small, sometimes large, now and then half of all.
  size_t some_bytes() {
    switch (below(200)) {
      case 0:
        return config.max_bytes / 2 - below(3) * 50'000;
      case 1:
      case 2:
        return below(150'000);
      default:
        return below(3000);
    }
  }

  void append() {
    auto& lane = some_lane();
    auto count = 1 + below(5);
    auto seq = lane.state.appended + count;
    std::string data(some_bytes(), static_cast<char>('a' + below(26)));
    auto err = aut->append(lane.id, seq, count, data);
    if (!err) {
      lane.state.appended = seq;
      lane.records[seq] = {seq, count, data};
      return;
    }
    CAF_REQUIRE(err == ec::overloaded);
    uint64_t waiting = data.size();
    for (const auto& [n, each] : lanes)
      waiting += each.held_bytes();
    CAF_CHECK_GREATER(waiting, config.max_bytes / 4);
    ++refusals;
  }

  void set_written(lane_model& lane, uint64_t seq) {
    lane.state.written = std::max(lane.state.written, seq);
    lane.state.appended = std::max(lane.state.appended, seq);
    if (lane.state.note && lane.state.note->last_seq <= lane.state.written)
      lane.state.note.reset();
  }

  void write() {
    auto& lane = some_lane();
    // One lane is slow.
    if (&lane == &lanes[0] && below(20) != 0)
      return;
    auto seq = lane.state.written + below(lane.state.appended - lane.state.written + 1);
    aut->written(lane.id, seq);
    set_written(lane, seq);
  }

  void release() {
    auto& lane = some_lane();
    if (&lane == &lanes[0] && below(20) != 0)
      return;
    auto seq = lane.state.released + below(lane.state.written - lane.state.released + 1);
    aut->released(lane.id, seq);
    lane.state.released = seq;
    if (auto& doubt = lane.state.doubt; doubt && doubt->what.last_seq <= seq)
      doubt.reset();
    else if (doubt)
      doubt->what.first_seq = std::max(doubt->what.first_seq, seq + 1);
    lane.records.erase(lane.records.begin(), lane.records.upper_bound(seq));
  }

  void begin_batch() {
    auto& lane = some_lane();
    if (lane.state.appended == lane.state.written)
      return;
    batch_note note{
      {below(9), below(9), random()}, lane.state.written + 1, lane.state.appended};
    aut->begin_batch(lane.id, note);
    lane.state.note = note;
  }

  void doubt() {
    auto& lane = some_lane();
    auto& state = lane.state;
    if (state.released == state.written)
      return;
    sync_doubt what{{{below(9), below(9), random()}, state.released + 1, state.written},
                    below(2) == 0};
    aut->doubt(lane.id, what);
    what.failed = what.failed || (state.doubt && state.doubt->failed);
    state.doubt = what;
    // What was given up before is not held by it.
    std::erase_if(lane.records, [there = aut->read(lane.id, 0)](const auto& x) {
      return std::find(there.begin(), there.end(), x.second) == there.end();
    });
  }

  void renew() {
    CAF_REQUIRE(!aut->renew());
    for (auto& [n, lane] : lanes) {
      lane.state.written = lane.state.released = lane.state.appended;
      lane.state.note.reset();
      lane.state.doubt.reset();
      lane.records.clear();
    }
  }

  void compare() {
    for (auto& [n, lane] : lanes) {
      if (lane.id == 0)
        continue;
      // A lane that never took anything may be forgotten, and get another number.
      lane.id = aut->lane(lane.state.kind, lane.state.name);
      CAF_REQUIRE(aut->state(lane.id) == lane.state);
      auto after = below(lane.state.appended + 1);
      auto next = lane.records.upper_bound(after);
      for (const auto& each : aut->read(lane.id, after)) {
        // Only what is written may be missing.
        while (next != lane.records.end() && next->first < each.last_seq) {
          CAF_REQUIRE_LESS_OR_EQUAL(next->first, lane.free_up_to());
          next = lane.records.erase(next);
        }
        CAF_REQUIRE(next != lane.records.end() && next->second == each);
        ++next;
      }
      for (; next != lane.records.end(); ++next)
        CAF_REQUIRE_LESS_OR_EQUAL(next->first, lane.free_up_to());
    }
    CAF_REQUIRE_LESS_OR_EQUAL(bytes_on_disk(), config.max_bytes);
    CAF_REQUIRE_EQUAL(aut->fill().allocated_bytes, bytes_on_disk());
  }

  void step() {
    switch (below(100)) {
      default:
        return append();
      case 0:
        reopen();
        return compare();
      case 1:
        return compare();
      case 2:
      case 3:
      case 4:
        return begin_batch();
      case 6:
        return doubt();
      case 5:
        return below(20) == 0 ? renew() : compare();
    }
  }

  std::mt19937_64 random;
  std::map<uint64_t, lane_model> lanes;
  uint64_t refusals = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(spool_model_tests, fixture)

CAF_TEST(the spool holds what a map holds) {
  uint64_t refused = 0;
  uint64_t moved = 0;
  for (auto run = 0; run < runs; ++run) {
    auto seed = std::random_device{}();
    CAF_MESSAGE("seed " << seed);
    random.seed(seed);
    lanes.clear();
    aut.reset();
    std::filesystem::remove_all(config.dir);
    reopen();
    // Some runs are never relieved of pressure, others always have room.
    auto relief = 20 + below(60);
    for (auto i = 0; i < steps; ++i) {
      if (below(100) < relief)
        below(2) == 0 ? write() : release();
      step();
      moved = std::max(moved, aut->fill().moved_bytes);
    }
    reopen();
    compare();
    for (auto& [n, lane] : lanes)
      aut->released(lane.id, lane.state.appended);
    CAF_CHECK_EQUAL(aut->fill().kept_bytes + aut->fill().unwritten_bytes, 0u);
    CAF_CHECK_LESS_OR_EQUAL(aut->fill().segments, 2u);
    refused += refusals;
  }
  // Else nothing was tried.
  CAF_CHECK_GREATER(refused, 0u);
  CAF_CHECK_GREATER(moved, 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

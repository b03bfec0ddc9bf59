// What a lane promises: whole, at this level, or no trace.
#define CAF_SUITE lane
#include "actors/coalesce/lane.hpp"

#include "tests/fixture.hpp"
#include "tests/mock_keeper.hpp"
#include "tests/spool_fixture.hpp"

#include <string>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct fixture : test::fixture {
  fixture() { open(); }

  void open() { aut = coalesce::lane{ram.aut, keeper, lane_kind::log, "app"}; }

  caf::expected<durability> take(uint64_t last_seq, const std::string& data,
                                 durability at_least = durability::memory) {
    auto level = aut.take(last_seq, 1, data, at_least, sched.clock().now());
    settle();
    return level;
  }

  static ec code(const caf::expected<durability>& x) {
    return x ? ec::none : code_of(x.error());
  }

  test::spool_fixture ram;
  std::shared_ptr<int> told = std::make_shared<int>(0);
  spool_keeper_actor keeper = tracked(sys.spawn(test::mock_keeper, told));
  coalesce::lane aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(lane_tests, fixture)

CAF_TEST(none takes into memory and says why there is no more) {
  CAF_CHECK(!aut);
  const auto level = take(1, "x");
  CAF_REQUIRE(level);
  CAF_CHECK(*level == durability::memory);
  CAF_CHECK(aut.level() == durability::memory);
  const auto refused = take(2, "x", durability::ram);
  CAF_CHECK(code(refused) == ec::unavailable);
  CAF_CHECK(text_of(refused.error()).find("no spool in RAM") != std::string::npos);
}

CAF_TEST(none holds nothing and minds nothing) {
  aut.written(7);
  aut.released(7);
  aut.begin_batch({});
  aut.begin_replay(1);
  aut.end_replay();
  aut.look_after();
  aut.forget();
  CAF_CHECK(aut.state() == lane_state{});
  CAF_CHECK(aut.read(0).empty());
  CAF_CHECK(aut.spool_id().empty());
  CAF_CHECK(!aut.has_room());
}

CAF_TEST(what is taken is in the spool whole before it is answered) {
  ram.reopen();
  open();
  const auto level = take(1, "one");
  CAF_REQUIRE(level);
  CAF_CHECK(*level == durability::ram);
  aut = {};
  ram.reopen();
  open();
  const auto records = aut.read(0);
  CAF_REQUIRE_EQUAL(records.size(), 1u);
  CAF_CHECK_EQUAL(records[0].data, "one");
  aut = {};
}

CAF_TEST(what finds no room leaves no trace and is not taken into memory) {
  ram.reopen();
  open();
  const std::string large(200'000, 'x');
  auto last = uint64_t{0};
  auto level = take(++last, large);
  while (level)
    level = take(++last, large);
  CAF_CHECK(code(level) == ec::overloaded);
  CAF_CHECK_EQUAL(aut.state().appended, last - 1);
  CAF_CHECK_EQUAL(aut.read(0).size(), last - 1);
  CAF_MESSAGE("AND it is taken when there is");
  aut.written(last - 1);
  aut.released(last - 1);
  CAF_CHECK(take(last, large).engaged());
}

CAF_TEST(what must not be in the spool is memory though it has room) {
  ram.reopen();
  open();
  const auto level = coalesce::lane::decline(durability::memory);
  CAF_REQUIRE(level);
  CAF_CHECK(*level == durability::memory);
  CAF_CHECK(code(coalesce::lane::decline(durability::ram)) == ec::unavailable);
  CAF_CHECK(aut.level() == durability::ram);
}

CAF_TEST(without its files the keeper is told and memory has to do) {
  ram.reopen();
  open();
  CAF_CHECK(take(1, "x").engaged());
  aut.look_after();
  settle();
  CAF_CHECK_EQUAL(*told, 0);
  std::filesystem::remove_all(ram.config.dir);
  pass(1s);
  CAF_CHECK(code(take(2, "x", durability::ram)) == ec::unavailable);
  CAF_CHECK_EQUAL(*told, 1);
  const auto level = take(2, "x");
  CAF_REQUIRE(level);
  CAF_CHECK(*level == durability::memory);
  CAF_CHECK(aut.level() == durability::memory);
  CAF_CHECK(!aut.is_available());
  aut.look_after();
  settle();
  CAF_CHECK_EQUAL(*told, 3);
}

CAF_TEST_FIXTURE_SCOPE_END()

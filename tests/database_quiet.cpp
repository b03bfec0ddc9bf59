// A checkpoint that queries without end would starve: it waits for those that run, and
// those that come wait for it, but neither for long.
#define CAF_SUITE database_quiet
#include "actors/database/database.hpp"

#include "actors/database/checkpoint_scheduler.hpp"
#include "tests/slow_reader.hpp"
#include "tests/sqlite_fixture.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

struct local : sqlite_fixture {
  local() {
    start_writer();
    must("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    scheduler =
      tracked(sys.spawn(checkpoint_scheduler, checkpoint_scheduler_config{}, writer));
    for (auto& x : readers)
      x = tracked(sys.spawn(slow_reader));
    database_handles handles{writer, {readers[0], readers[1]}, scheduler};
    uut = tracked(sys.spawn(database, config, handles));
    settle();
  }

  void ask_query() {
    self->send(uut, atom::query_v, sql_statement{"SELECT 1", {}}, sql_origin::user);
    settle();
  }

  auto ask_checkpoint() {
    auto asked =
      self->request(quiet_checkpointer_actor{uut}, caf::infinite, atom::checkpoint_v,
                    checkpoint_mode::truncate, caf::timespan{1ms});
    settle();
    return asked;
  }

  template <class Handle>
  ec code(Handle& from) {
    auto result = ec::none;
    from.receive([](const checkpoint_report&) {},
                 [&](const caf::error& err) { result = code_of(err); });
    return result;
  }

  /// Queries that run.
  size_t running() {
    size_t sum = 0;
    for (const auto& x : readers)
      sum += deref<sqlite_reader_actor::stateful_base<slow_reader_state>>(x)
               .state.running.size();
    return sum;
  }

  uint64_t checkpoints() { return stats().checkpoints; }

  database_config config;
  checkpoint_scheduler_actor scheduler;
  sqlite_reader_actor readers[2];
  database_actor uut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(database_quiet_tests, local)

CAF_TEST(a checkpoint waits for who reads and who comes waits for it) {
  ask_query();
  const auto before = checkpoints();
  auto checkpoint = ask_checkpoint();
  ask_query();
  CAF_CHECK_EQUAL(running(), 1u);
  CAF_CHECK_EQUAL(checkpoints(), before);
  CAF_REQUIRE(ask<status_report>(readers[0], atom::status_v));
  CAF_CHECK_EQUAL(checkpoints(), before + 1);
  CAF_CHECK_EQUAL(running(), 1u);
  CAF_CHECK_EQUAL(code(checkpoint), ec::none);
}

CAF_TEST(a query that takes long holds nobody up behind a checkpoint for longer) {
  ask_query();
  const auto before = checkpoints();
  auto checkpoint = ask_checkpoint();
  ask_query();
  pass(config.quiet_patience - 1ns);
  CAF_CHECK_EQUAL(running(), 1u);
  CAF_CHECK_EQUAL(checkpoints(), before);
  pass(1ns);
  CAF_CHECK_EQUAL(running(), 2u);
  CAF_REQUIRE_EQUAL(checkpoints(), before + 1);
  CAF_CHECK_EQUAL(code(checkpoint), ec::none);
}

CAF_TEST(one checkpoint waits for quiet and another is refused) {
  ask_query();
  const auto before = checkpoints();
  auto first = ask_checkpoint();
  auto second = ask_checkpoint();
  pass(config.quiet_patience);
  CAF_REQUIRE_EQUAL(checkpoints(), before + 1);
  CAF_CHECK_EQUAL(code(second), ec::overloaded);
  CAF_CHECK_EQUAL(code(first), ec::none);
}

CAF_TEST_FIXTURE_SCOPE_END()

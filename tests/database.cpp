#define CAF_SUITE database
#include "actors/database/database.hpp"
#include "actors/database/checkpoint_scheduler.hpp"
#include "tests/silent_writer.hpp"
#include "tests/slow_reader.hpp"
#include "tests/sqlite_fixture.hpp"

#include <fstream>
#include <vector>

using namespace sluice;
using namespace sluice::test;

namespace {

struct local : sqlite_fixture {
  local() {
    start_writer();
    must("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    scheduler =
      tracked(sys.spawn(checkpoint_scheduler, checkpoint_scheduler_config{}, writer));
    config.recover_pause_min = 1s;
    config.recover_pause_max = 2s;
  }

  void start(std::vector<sqlite_reader_actor> readers) {
    database_handles handles{writer, std::move(readers), scheduler};
    uut = tracked(sys.spawn(database, config, handles));
    settle();
  }

  /// With one real reader.
  void start() { start({tracked(sys.spawn(sqlite_reader, reader_config()))}); }

  /// With two readers that answer when told to.
  void start_slow() {
    for (auto& x : slow)
      x = tracked(sys.spawn(slow_reader));
    start({slow[0], slow[1]});
  }

  auto ask_query(const std::string& sql) {
    return self->request(uut, caf::infinite, atom::query_v, sql_statement{sql, {}},
                         sql_origin::user);
  }

  template <class Handle>
  ec code(Handle& from) {
    auto result = ec::none;
    from.receive([](const sql_result&) {},
                 [&](caf::error& err) { result = code_of(err); });
    return result;
  }

  ec execute(const sql_write& x, durability level = durability::ram) {
    auto handle = self->request(uut, caf::infinite, atom::execute_v, x, level);
    pass(commit_delay);
    auto result = ec::none;
    handle.receive([](const sql_receipt&) {},
                   [&](caf::error& err) { result = code_of(err); });
    return result;
  }

  ec insert(int64_t key, durability level = durability::ram) {
    return execute(one("INSERT INTO t VALUES (?, 1)", {key}), level);
  }

  /// What the slow reader runs, oldest first.
  auto& running(size_t i) {
    return deref<sqlite_reader_actor::stateful_base<slow_reader_state>>(slow[i])
      .state.running;
  }

  void answer(size_t i) {
    CAF_REQUIRE(ask<status_report>(slow[i], atom::status_v).engaged());
  }

  database_stats numbers() { return *ask<database_stats>(uut, atom::stats_v); }

  bool is_ok(const std::string& name) {
    auto checks = status().checks;
    auto x = std::ranges::find(checks, name, &check::name);
    CAF_REQUIRE(x != checks.end());
    return x->ok;
  }

  status_report status() { return *ask<status_report>(uut, atom::status_v); }

  database_config config;
  checkpoint_scheduler_actor scheduler;
  sqlite_reader_actor slow[2];
  std::vector<sqlite_reader_actor> spares;
  database_actor uut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(database_tests, local)

// -- syncs ----------------------------------------------------------------------

CAF_TEST(a sync that takes long is told while it lasts) {
  start();
  auto is_told = [this] {
    auto report = status();
    return std::ranges::any_of(
      report.alerts, [](const alert& x) { return x.id == "database-sync-slow"; });
  };
  self->send(uut, atom::sync_v, true);
  pass(5s - 1ns);
  CAF_CHECK(!is_told());
  pass(1ns);
  CAF_CHECK(is_told());
  self->send(uut, atom::sync_v, false);
  settle();
  CAF_CHECK(!is_told());
}

// -- requests -------------------------------------------------------------------

CAF_TEST(a write can be read as soon as it is answered) {
  start();
  CAF_CHECK_EQUAL(insert(1), ec::none);
  auto found = ask<sql_result>(uut, atom::query_v, sql_statement{"SELECT a FROM t", {}},
                               sql_origin::user);
  CAF_REQUIRE(found.engaged());
  CAF_CHECK_EQUAL(copy(found->rows.size()), 1u);
  CAF_CHECK_EQUAL(execute(one("INSERT INTO nowhere VALUES (1)")), ec::refused);
}

CAF_TEST(queries run on the first free reader and wait in order when all are busy) {
  start_slow();
  auto a = ask_query("a");
  auto b = ask_query("b");
  auto c = ask_query("c");
  auto d = ask_query("d");
  settle();
  CAF_CHECK_EQUAL(copy(running(0)[0].first), "a");
  CAF_CHECK_EQUAL(copy(running(1)[0].first), "b");
  CAF_CHECK_EQUAL(numbers().waiting_queries, 2u);
  answer(1);
  CAF_CHECK_EQUAL(copy(running(1)[0].first), "c");
  answer(1);
  CAF_CHECK_EQUAL(copy(running(1)[0].first), "d");
  CAF_CHECK_EQUAL(copy(running(0)[0].first), "a");
  answer(0);
  answer(1);
  for (auto* x : {&a, &b, &c, &d})
    CAF_CHECK_EQUAL(code(*x), ec::none);
  CAF_CHECK_EQUAL(numbers().queries, 4u);
}

CAF_TEST(waiting queries are bounded in bytes) {
  config.readers.waiting_bytes_max = 10;
  start_slow();
  auto a = ask_query("aaaaaaaaaaaaaaaaaaaa");
  auto b = ask_query("bbbbbbbbbbbbbbbbbbbb");
  auto c = ask_query("cccccccccc");
  auto d = ask_query("d");
  settle();
  CAF_CHECK_EQUAL(code(d), ec::overloaded);
  answer(0);
  answer(0);
  answer(1);
  for (auto* x : {&a, &b, &c})
    CAF_CHECK_EQUAL(code(*x), ec::none);
}

CAF_TEST(the oldest query that runs is known) {
  start_slow();
  CAF_CHECK_EQUAL(numbers().oldest_query_ms, 0);
  auto a = ask_query("a");
  pass(3s);
  auto b = ask_query("b");
  pass(2s);
  CAF_CHECK_EQUAL(numbers().oldest_query_ms, 5000);
  answer(0);
  CAF_CHECK_EQUAL(numbers().oldest_query_ms, 2000);
  answer(1);
  CAF_CHECK_EQUAL(code(a), ec::none);
  CAF_CHECK_EQUAL(code(b), ec::none);
}

CAF_TEST(a reader that ended is not asked again) {
  start_slow();
  caf::anon_send_exit(slow[0], caf::exit_reason::kill);
  settle();
  auto a = ask_query("a");
  settle();
  CAF_CHECK_EQUAL(code(a), ec::unavailable);
  auto b = ask_query("b");
  settle();
  answer(1);
  CAF_CHECK_EQUAL(code(b), ec::none);
  caf::anon_send_exit(slow[1], caf::exit_reason::kill);
  settle();
  for (int i = 0; i < 2; ++i) {
    auto c = ask_query("c");
    settle();
    CAF_CHECK_EQUAL(code(c), ec::unavailable);
  }
}

// -- silence --------------------------------------------------------------------

CAF_TEST(a reader that is silent is given up and another takes its place) {
  config.readers.silence_max = 3s;
  config.readers.make_reader = [this] {
    spares.push_back(tracked(sys.spawn(slow_reader)));
    return spares.back();
  };
  start_slow();
  auto a = ask_query("a");
  auto b = ask_query("b");
  auto c = ask_query("c");
  for (int second = 1; second < 3; ++second)
    pass(1s);
  CAF_CHECK(spares.empty());
  CAF_CHECK(is_ok("database-readers"));
  pass(1s);
  CAF_CHECK_EQUAL(code(a), ec::refused);
  CAF_CHECK_EQUAL(code(b), ec::refused);
  CAF_REQUIRE_EQUAL(spares.size(), 2u);
  CAF_CHECK_EQUAL(copy(status().alerts.at(0).id), "sqlite-reader-given-up");
  CAF_CHECK(is_ok("database-readers"));
  CAF_MESSAGE("the other one runs what waits, and the first two are not asked meanwhile");
  CAF_REQUIRE(ask<status_report>(spares[0], atom::status_v).engaged());
  CAF_CHECK_EQUAL(code(c), ec::none);
  CAF_MESSAGE("those that come back are readers again, and were answered for already");
  answer(0);
  answer(1);
  CAF_CHECK(status().alerts.empty());
  auto d = ask_query("d");
  settle();
  CAF_CHECK_EQUAL(copy(running(0)[0].first), "d");
  answer(0);
  CAF_CHECK_EQUAL(code(d), ec::none);
  CAF_CHECK_EQUAL(numbers().queries, 2u);
}

CAF_TEST(where no reader is left that answers queries are refused and it is not ready) {
  config.readers.silence_max = 1s;
  start_slow();
  auto a = ask_query("a");
  auto b = ask_query("b");
  auto c = ask_query("c");
  pass(1s);
  CAF_CHECK_EQUAL(code(a), ec::refused);
  CAF_CHECK_EQUAL(code(b), ec::refused);
  CAF_CHECK_EQUAL(code(c), ec::unavailable);
  CAF_CHECK(!is_ok("database-readers"));
  answer(0);
  CAF_CHECK(is_ok("database-readers"));
}

CAF_TEST(our own queries may take their time) {
  config.readers.silence_max = 1s;
  start_slow();
  auto a = self->request(uut, caf::infinite, atom::query_v, sql_statement{"a", {}},
                         sql_origin::sluice);
  for (int second = 0; second < 3; ++second)
    pass(1s);
  CAF_CHECK(status().alerts.empty());
  answer(0);
  CAF_CHECK_EQUAL(code(a), ec::none);
}

CAF_TEST(a writer that is silent is told unless it syncs) {
  config.writer_silence_max = 2s;
  database_handles handles{tracked(sys.spawn(silent_writer)), {}, scheduler};
  uut = tracked(sys.spawn(database, config, handles));
  settle();
  pass(5s);
  CAF_CHECK(is_ok("database-writer"));
  self->send(uut, atom::execute_v, one("SELECT 1"), durability::ram);
  pass(2s - 1ns);
  CAF_CHECK(is_ok("database-writer"));
  pass(1ns);
  CAF_CHECK(!is_ok("database-writer"));
  self->send(uut, atom::sync_v, true);
  pass(5s);
  CAF_CHECK(is_ok("database-writer"));
  self->send(uut, atom::sync_v, false);
  pass(2s);
  CAF_CHECK(!is_ok("database-writer"));
}

CAF_TEST(files that are replaced while the writer looks at others are not read) {
  config.path = directory + "/other.db";
  std::ofstream{config.path} << "a";
  writer = tracked(sys.spawn(silent_writer));
  start_slow();
  auto& looks =
    deref<sqlite_writer_actor::stateful_base<silent_writer_state>>(writer).state.looks;
  auto say_ours = [&] {
    CAF_REQUIRE_EQUAL(looks.size(), 1u);
    CAF_REQUIRE(ask<status_report>(writer, atom::status_v).engaged());
    settle();
  };
  auto runs = [&] { return running(0).size() + running(1).size(); };
  ask_query("first");
  settle();
  say_ours();
  CAF_CHECK_EQUAL(runs(), 1u);
  CAF_MESSAGE("GIVEN a checkpoint, about which the writer is asked");
  std::ofstream{config.path} << "ab";
  ask_query("second");
  settle();
  CAF_CHECK_EQUAL(runs(), 2u);
  answer(0);
  CAF_MESSAGE("WHEN another file takes the place THEN no query runs before it is known");
  std::ofstream{directory + "/backup"} << "abc";
  std::filesystem::rename(directory + "/backup", config.path);
  ask_query("third");
  settle();
  CAF_CHECK_EQUAL(runs(), 1u);
  say_ours();
  CAF_CHECK_EQUAL(runs(), 1u);
  say_ours();
  CAF_CHECK_EQUAL(runs(), 2u);
}

CAF_TEST(users statements and writes are counted and not our own) {
  start();
  insert(1);
  sql_write batch{{{"INSERT INTO t VALUES (?, 1)", {}}},
                  {{int64_t{2}}, {int64_t{3}}},
                  sql_origin::user};
  execute(batch);
  batch.rows = {{int64_t{4}}};
  batch.origin = sql_origin::sluice;
  execute(batch);
  execute(one("nonsense"));
  auto now = numbers();
  CAF_CHECK_EQUAL(now.queries, 3u);
  CAF_CHECK_EQUAL(now.transactions, 2u);
  CAF_CHECK_EQUAL(now.type, "sqlite");
  CAF_CHECK_EQUAL(now.writer.opened.journal_mode, "wal");
  CAF_CHECK_EQUAL(now.writer.checkpoints, 0u);
  CAF_MESSAGE("the writer tells the metrics, the database adds nothing");
  CAF_CHECK(*ask<metrics_report>(uut, atom::collect_v) == metrics_report{});
}

CAF_TEST(a checkpoint by hand goes to the scheduler) {
  start();
  insert(1);
  auto report =
    ask<checkpoint_report>(uut, atom::checkpoint_v, checkpoint_mode::truncate);
  CAF_REQUIRE(report.engaged());
  CAF_CHECK(*report == checkpoint_report{});
  CAF_CHECK_EQUAL(numbers().writer.checkpoints, 1u);
}

CAF_TEST(maintenance is answered by the writer) {
  start();
  auto report =
    ask<maintenance_report>(uut, atom::maintain_v, maintenance_kind::integrity_check);
  CAF_REQUIRE(report.engaged());
  CAF_CHECK(report->ok);
}

// -- recovery -------------------------------------------------------------------

CAF_TEST(after an IO error the database is proven and disk is possible again) {
  start();
  CAF_CHECK_EQUAL(insert(1), ec::none);
  inside().files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  CAF_CHECK_EQUAL(insert(2, durability::disk), ec::disk_failed);
  CAF_CHECK(!numbers().writer.suspect);
  CAF_CHECK_EQUAL(insert(3, durability::disk), ec::none);
  CAF_CHECK(status().alerts.empty());
}

CAF_TEST(recovery waits until no reader runs and queries wait for recovery) {
  start_slow();
  auto a = ask_query("a");
  settle();
  CAF_CHECK_EQUAL(insert(1), ec::none);
  inside().files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  CAF_CHECK_EQUAL(insert(2, durability::disk), ec::disk_failed);
  auto b = ask_query("b");
  settle();
  CAF_CHECK(running(1).empty());
  CAF_CHECK_EQUAL(insert(3, durability::disk), ec::disk_failed);
  auto report = status();
  CAF_REQUIRE_EQUAL(report.alerts.size(), 1u);
  CAF_CHECK_EQUAL(copy(report.alerts[0].id), "database-recovering");
  CAF_CHECK(!report.checks[0].ok);
  answer(0);
  CAF_CHECK_EQUAL(code(a), ec::none);
  CAF_CHECK(status().alerts.empty());
  CAF_CHECK_EQUAL(insert(4, durability::disk), ec::none);
  answer(0);
  CAF_CHECK_EQUAL(code(b), ec::none);
}

CAF_TEST(a recovery that fails is tried again with a growing pause and readers read) {
  start();
  auto fails = [this](uint64_t times) {
    inside().files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, times);
  };
  CAF_CHECK_EQUAL(insert(1), ec::none);
  fails(4);
  CAF_CHECK_EQUAL(insert(2, durability::disk), ec::disk_failed);
  CAF_CHECK_EQUAL(status().alerts.size(), 1u);
  CAF_CHECK(
    ask<sql_result>(uut, atom::query_v, sql_statement{"SELECT 1", {}}, sql_origin::user)
      .engaged());
  auto opens = [this] { return inside().stats().suspect; };
  pass(1s);
  CAF_CHECK(opens());
  pass(2s);
  CAF_CHECK(opens());
  pass(2s - caf::timespan{1});
  CAF_CHECK(opens());
  pass(caf::timespan{1});
  CAF_CHECK(!opens());
  CAF_CHECK(status().alerts.empty());
  CAF_CHECK_EQUAL(insert(3, durability::disk), ec::none);
}

CAF_TEST(an IO error of a checkpoint is recovered from though nobody waits for it) {
  start();
  insert(1);
  inside().files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  pass(5min);
  CAF_CHECK(!inside().stats().suspect);
  CAF_CHECK_EQUAL(copy(status().troubles[0].times), 1u);
}

// -- the end --------------------------------------------------------------------

CAF_TEST(stopping answers what waits and then stops everybody once) {
  start_slow();
  auto a = ask_query("a");
  auto b = ask_query("b");
  auto c = ask_query("c");
  auto write = self->request(uut, caf::infinite, atom::execute_v,
                             one("INSERT INTO t VALUES (1, 1)"), durability::ram);
  auto stopping = self->request(uut, caf::infinite, atom::stop_v);
  auto late = ask_query("late");
  pass(commit_delay);
  CAF_CHECK_EQUAL(code(late), ec::stopping);
  CAF_CHECK_EQUAL(insert(2), ec::stopping);
  answer(0);
  answer(0);
  answer(1);
  for (auto* x : {&a, &b, &c})
    CAF_CHECK_EQUAL(code(*x), ec::none);
  write.receive([](const sql_receipt&) {},
                [](caf::error& err) { CAF_FAIL(text_of(err)); });
  stopping.receive(
    [](const stop_report& x) {
      CAF_CHECK_EQUAL(x.name, "database");
      CAF_CHECK_EQUAL(x.drained, 1u);
      CAF_CHECK_EQUAL(x.left, 0u);
      CAF_CHECK_EQUAL(x.detail, "");
    },
    [](caf::error& err) { CAF_FAIL(text_of(err)); });
  CAF_CHECK_EQUAL(std::filesystem::file_size(path + "-wal"), 0u);
}

CAF_TEST(stopping goes on when somebody has ended already) {
  start_slow();
  caf::anon_send_exit(slow[1], caf::exit_reason::kill);
  caf::anon_send_exit(scheduler, caf::exit_reason::kill);
  settle();
  auto report = ask<stop_report>(uut, atom::stop_v);
  CAF_REQUIRE(report.engaged());
  CAF_CHECK_NOT_EQUAL(copy(report->detail.find("checkpoint-scheduler: ")),
                      std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()

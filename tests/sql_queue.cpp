// When the queue applies what waits, in which order, and what it answers.
#define CAF_SUITE sql_queue
#include "tests/sql_queue_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct local : queue_fixture {
  local() {
    start();
    make_table();
  }

  /// Starts anew with this configuration.
  void again() {
    die();
    start();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sql_queue_tests, local)

// -- when -------------------------------------------------------------------------

CAF_TEST(what waits is applied one interval after the first of it and not before) {
  append(insert(1));
  pass(3s);
  append(insert(2));
  pass(2s - instant);
  CAF_CHECK_EQUAL(count(), "0");
  CAF_CHECK_EQUAL(numbers().queued, 2u);
  pass(instant);
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(numbers().queued, 0u);
  CAF_MESSAGE("the next window begins with the next write");
  pass(3s);
  append(insert(3));
  pass(5s - instant);
  CAF_CHECK_EQUAL(count(), "2");
  pass(instant);
  CAF_CHECK_EQUAL(count(), "3");
}

CAF_TEST(one commit carries all that waits) {
  auto before = commits();
  for (int64_t i = 0; i < 200; ++i)
    append(insert(i));
  CAF_CHECK_EQUAL(flush(), 200u);
  CAF_CHECK_EQUAL(commits(), before + 1);
  CAF_CHECK_EQUAL(count(), "200");
}

CAF_TEST(an idle queue commits nothing and sets no timer) {
  auto before = commits();
  CAF_CHECK_EQUAL(flush(), 0u);
  pass(1h);
  CAF_CHECK_EQUAL(commits(), before);
  CAF_CHECK(!std::filesystem::exists(config.dead_letter_file));
}

CAF_TEST(a batch of very many writes is applied in bounded groups and in order) {
  config.batch_writes_max = 10;
  again();
  must("CREATE TABLE log(n INTEGER PRIMARY KEY, a)");
  auto before = commits();
  for (int64_t i = 0; i < 35; ++i)
    append(one("INSERT INTO log(a) VALUES (?)", {i}));
  flush();
  CAF_CHECK_EQUAL(commits(), before + 4);
  CAF_CHECK_EQUAL(ask_file("SELECT count(*) FROM log WHERE a = n - 1"), "35");
  CAF_MESSAGE("bytes bound a group too, but for a single write that is larger");
  config.batch_bytes_max = 1000;
  again();
  before = commits();
  for (int64_t i = 0; i < 3; ++i)
    append(insert(i, std::string(2000, 'x')));
  flush();
  CAF_CHECK_EQUAL(commits(), before + 3);
}

CAF_TEST(bytes that wait are bounded and half of the bound is applied early) {
  config.bytes_max = 10'000;
  again();
  append(insert(1, std::string(4'000, 'x')));
  CAF_CHECK_EQUAL(count(), "0");
  append(insert(2, std::string(4'000, 'x')));
  settle();
  CAF_CHECK_EQUAL(count(), "2");
  CAF_MESSAGE("while the database is held by another nothing more than the bound waits");
  onlooker other{path, sqlite::access::read_write};
  CAF_REQUIRE(!other.db.run("BEGIN IMMEDIATE"));
  append(insert(3, std::string(9'000, 'x')));
  auto more = try_append(insert(4, std::string(2'000, 'x')));
  CAF_CHECK_EQUAL(code_of(more.error()), ec::overloaded);
  CAF_REQUIRE(!other.db.run("ROLLBACK"));
  pass(10s);
  CAF_CHECK_EQUAL(keys(), "1,2,3");
}

// -- what is answered -------------------------------------------------------------

CAF_TEST(without a spool the level is memory and ram is refused) {
  auto receipt = append(insert(1));
  CAF_CHECK_EQUAL(receipt.seq, 1u);
  CAF_CHECK_EQUAL(receipt.level, durability::memory);
  CAF_CHECK_EQUAL(code_of(try_append(insert(2), durability::ram).error()),
                  ec::unavailable);
  CAF_MESSAGE("and what was refused has no number");
  CAF_CHECK_EQUAL(append(insert(3)).seq, 2u);
}

CAF_TEST(without a spool the credit is held until the write is applied) {
  auto wallet = std::make_shared<budget>(size_t{1'000});
  auto [charge, drawn] = wallet->try_draw(600);
  CAF_REQUIRE(drawn);
  CAF_REQUIRE(ask<queue_receipt>(uut, atom::append_v,
                                 queue_request{insert(1), std::exchange(charge, {}), {}})
                .engaged());
  CAF_CHECK_EQUAL(wallet->used_bytes(), 600u);
  flush();
  CAF_CHECK_EQUAL(wallet->used_bytes(), 0u);
}

CAF_TEST(disk commits at once with one sync) {
  get<metrics_report>(writer, atom::collect_v);
  append(insert(1));
  auto seq = append(insert(2)).seq;
  CAF_CHECK_EQUAL(persist(seq), durability::disk);
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(get<metrics_report>(writer, atom::collect_v).counts.disk.syncs, 1u);
  CAF_MESSAGE("what is synced already is not synced again");
  CAF_CHECK_EQUAL(persist(seq), durability::disk);
  CAF_CHECK_EQUAL(get<metrics_report>(writer, atom::collect_v).counts.disk.syncs, 0u);
  CAF_MESSAGE("what is only committed is");
  append(insert(3));
  flush();
  CAF_CHECK_EQUAL(persist(all_writes), durability::disk);
  CAF_CHECK_EQUAL(get<metrics_report>(writer, atom::collect_v).counts.disk.syncs, 1u);
}

CAF_TEST(a synced commit of others or a whole checkpoint covers the queue too) {
  append(insert(1));
  flush();
  must("INSERT INTO t VALUES (2, 1)", {}, durability::disk);
  get<metrics_report>(writer, atom::collect_v);
  CAF_CHECK_EQUAL(persist(all_writes), durability::disk);
  CAF_CHECK_EQUAL(get<metrics_report>(writer, atom::collect_v).counts.disk.syncs, 0u);
  append(insert(3));
  flush();
  get<checkpoint_report>(writer, atom::checkpoint_v, checkpoint_mode::truncate,
                         caf::timespan{1ms});
  get<metrics_report>(writer, atom::collect_v);
  CAF_CHECK_EQUAL(persist(all_writes), durability::disk);
  CAF_CHECK_EQUAL(get<metrics_report>(writer, atom::collect_v).counts.disk.syncs, 0u);
}

CAF_TEST(a flush tells how many writes it waited for) {
  append(insert(1));
  append(insert(2));
  CAF_CHECK_EQUAL(flush(), 2u);
  CAF_CHECK_EQUAL(flush(), 0u);
}

CAF_TEST(the database counts requests and statements of the queue) {
  append(insert(1));
  sql_write rows = one("INSERT INTO t VALUES (?, 1)");
  rows.rows = {{int64_t{2}}, {int64_t{3}}};
  append(rows);
  append(one("INSERT INTO nowhere VALUES (1)"));
  flush();
  auto stats = get<database_stats>(database, atom::stats_v);
  CAF_CHECK_EQUAL(stats.transactions, 2u);
  CAF_CHECK_EQUAL(stats.queries, 3u);
}

// -- a database that cannot take it -----------------------------------------------

CAF_TEST(who asks the database directly waits for no batch that comes after) {
  auto seen = send(one("CREATE TABLE seen AS SELECT count(*) AS n FROM t"));
  sql_batch batch{"a spool", 0, {}, durability::ram};
  batch.writes.push_back({1, {std::make_shared<const sql_write>(insert(1))}});
  auto applied = self->request(writer, caf::infinite, atom::apply_v, batch);
  settle();
  CAF_CHECK(receive(seen).engaged());
  applied.receive([](const sql_batch_outcome& x) { CAF_CHECK_EQUAL(x.mark.seq, 1u); },
                  [](caf::error& err) { CAF_FAIL(text_of(err)); });
  CAF_CHECK_EQUAL(ask_file("SELECT n FROM seen"), "0");
}

CAF_TEST(a batch that takes long is left for the next one) {
  const auto* runaway = "INSERT INTO t WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL "
                        "SELECT n + 1 FROM c) SELECT 1, max(n) FROM c";
  sql_batch batch{"a spool", 0, {}, durability::ram};
  for (uint64_t i = 1; i <= 5; ++i)
    batch.writes.push_back({i, {std::make_shared<const sql_write>(one(runaway))}});
  auto outcome = get<sql_batch_outcome>(writer, atom::apply_v, batch);
  CAF_CHECK_GREATER(outcome.mark.seq, 0u);
  CAF_CHECK_LESS(outcome.mark.seq, 3u); // each takes 200 ms
  CAF_CHECK_EQUAL(outcome.code, ec::none);
}

CAF_TEST(a database held by another keeps the queue in place and in order) {
  onlooker other{path, sqlite::access::read_write};
  CAF_REQUIRE(!other.db.run("BEGIN IMMEDIATE"));
  append(insert(1));
  pass(5s);
  CAF_CHECK_EQUAL(alerts(), "sql-queue-blocked ");
  append(insert(2));
  CAF_CHECK_EQUAL(flush_code(), ec::unavailable);
  CAF_CHECK_EQUAL(numbers().queued, 2u);
  CAF_CHECK(numbers().failing);
  CAF_CHECK_EQUAL(dead(), "");
  CAF_REQUIRE(!other.db.run("ROLLBACK"));
  pass(10s);
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(alerts(), "");
  CAF_CHECK(!numbers().failing);
}

CAF_TEST(a full disk keeps the queue and it goes on by itself) {
  for (int64_t i = 1; i <= 3; ++i)
    append(insert(i));
  files().fail(sqlite::io_operation::write, sqlite_full, 3);
  pass(5s);
  CAF_CHECK_EQUAL(count(), "0");
  CAF_CHECK_EQUAL(alerts(), "sql-queue-write-failed ");
  CAF_CHECK_EQUAL(numbers().queued, 3u);
  for (int i = 0; i < 3; ++i)
    pass(1s); // each is long enough for one more try
  CAF_CHECK_EQUAL(keys(), "1,2,3");
  CAF_CHECK_EQUAL(dead(), "");
  CAF_CHECK_EQUAL(alerts(), "");
}

CAF_TEST(the pause grows while it fails and a flush does not wait for its end) {
  onlooker other{path, sqlite::access::read_write};
  CAF_REQUIRE(!other.db.run("BEGIN IMMEDIATE"));
  append(insert(1));
  pass(5s);
  for (int i = 0; i < 60; ++i)
    pass(1s);
  auto failures = [this] {
    for (const auto& x : status().state)
      if (x.name == "failures")
        return caf::get<int64_t>(x.value);
    return int64_t{-1};
  };
  CAF_CHECK_GREATER(failures(), 5);
  CAF_CHECK_LESS(failures(), 20);
  CAF_REQUIRE(!other.db.run("ROLLBACK"));
  CAF_CHECK_EQUAL(flush(), 1u);
}

// -- the end ----------------------------------------------------------------------

CAF_TEST(a stop applies what waits and says how much it was) {
  append(insert(1));
  append(insert(2));
  auto report = get<stop_report>(uut, atom::stop_v);
  CAF_CHECK_EQUAL(report.drained, 2u);
  CAF_CHECK_EQUAL(report.left, 0u);
  CAF_CHECK_EQUAL(report.detail, "");
  CAF_CHECK_EQUAL(keys(), "1,2");
}

CAF_TEST(a stop without a spool waits until the database takes what is left) {
  onlooker other{path, sqlite::access::read_write};
  CAF_REQUIRE(!other.db.run("BEGIN IMMEDIATE"));
  append(insert(1));
  auto stop = self->request(uut, caf::infinite, atom::stop_v);
  settle();
  CAF_CHECK_EQUAL(code_of(try_append(insert(2)).error()), ec::stopping);
  CAF_REQUIRE(!other.db.run("ROLLBACK"));
  pass(10s);
  stop.receive([](const stop_report& x) { CAF_CHECK_EQUAL(copy(x.drained), 1u); },
               [](caf::error&) { CAF_FAIL("no report"); });
  CAF_CHECK_EQUAL(keys(), "1");
}

CAF_TEST_FIXTURE_SCOPE_END()

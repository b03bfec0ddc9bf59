// What the database refuses is set aside, and harms none of its neighbours: each write
// is in the database or in the file of dead letters, once.
#define CAF_SUITE sql_queue_refusals
#include "tests/sql_queue_fixture.hpp"

#include "actors/detail/json_input.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct local : queue_fixture {
  local() {
    start_with_spool();
    make_table();
  }

  /// Queues `culprit` in the middle of 63 inserts; all of them must be in, by so many
  /// commits, and it must be set aside.
  void among_63(const sql_write& culprit, uint64_t expected_commits) {
    auto before = commits();
    for (int64_t i = 1; i <= 63; ++i) {
      append(insert(i));
      if (i == 31)
        append(culprit);
    }
    CAF_CHECK_EQUAL(flush(), 64u);
    CAF_CHECK_EQUAL(commits(), before + expected_commits);
    CAF_CHECK_EQUAL(count(), "63");
    CAF_CHECK_EQUAL(numbers().dead_letters, 1u);
    CAF_CHECK_EQUAL(dead_lines(), 1u);
    CAF_CHECK(dead().find("\"seq\":32,") != std::string::npos);
    CAF_CHECK(!json::check_lines(dead()));
    CAF_CHECK_EQUAL(numbers().queued, 0u);
    CAF_CHECK_EQUAL(lane().written, 64u);
  }
};

/// It takes no memory, so that what ends it is the time, and with it the transaction.
const char* const runaway = "INSERT INTO t SELECT 1000, count(*) FROM t AS a, t AS b, "
                            "t AS c, t AS d, t AS e, t AS f, t AS g";

} // namespace

CAF_TEST_FIXTURE_SCOPE(sql_queue_refusals_tests, local)

// -- neighbours -------------------------------------------------------------------

CAF_TEST(a write that fails harms none of its neighbours) {
  among_63(one("INSERT INTO nowhere VALUES (1)"), 1);
}

CAF_TEST(OR ROLLBACK harms none of its neighbours) {
  among_63(one("INSERT OR ROLLBACK INTO t VALUES (7, 'twice')"), 3);
}

CAF_TEST(RAISE ROLLBACK in a trigger harms none of its neighbours) {
  must("CREATE TABLE guarded(a)");
  must("CREATE TRIGGER guard BEFORE INSERT ON guarded "
       "BEGIN SELECT RAISE(ROLLBACK, 'not here'); END");
  among_63(one("INSERT INTO guarded VALUES (1)"), 3);
}

CAF_TEST(a deferred foreign key harms none of its neighbours) {
  must("CREATE TABLE parent(a INTEGER PRIMARY KEY)");
  must("CREATE TABLE child(a REFERENCES parent(a) DEFERRABLE INITIALLY DEFERRED)");
  among_63(one("INSERT INTO child VALUES (99)"), 1);
  CAF_CHECK_EQUAL(ask_file("SELECT count(*) FROM child"), "0");
}

CAF_TEST(a runaway statement harms none of its neighbours) {
  among_63(one(runaway), 3);
  CAF_CHECK(dead().find("time limit") != std::string::npos);
}

CAF_TEST(SQL that is no single statement or lacks parameters is set aside too) {
  append(one("INSERT INTO t VALUES (1, 1); DELETE FROM t"));
  append(one("INSERT INTO t VALUES (?, ?)", {int64_t{1}}));
  append(one("PRAGMA journal_mode = delete"));
  append(one("DELETE FROM sluice_queue"));
  append(insert(5));
  flush();
  CAF_CHECK_EQUAL(keys(), "5");
  CAF_CHECK_EQUAL(numbers().dead_letters, 4u);
}

CAF_TEST(many that end the transaction are each set aside and the others keep order) {
  must("CREATE TABLE log(n INTEGER PRIMARY KEY, a)");
  must("INSERT INTO t VALUES (0, 'taken')");
  for (int64_t i = 0; i < 64; ++i)
    append(i % 3 == 0 ? one("INSERT OR ROLLBACK INTO t VALUES (0, 'twice')")
                      : one("INSERT INTO log(a) VALUES (?)", {i}));
  flush();
  CAF_CHECK_EQUAL(dead_lines(), 22u);
  CAF_CHECK_EQUAL(ask_file("SELECT count(*) FROM log"), "42");
  CAF_CHECK_EQUAL(ask_file("SELECT group_concat(a) FROM (SELECT a FROM log ORDER BY n) "),
                  ask_file("SELECT group_concat(a) FROM (SELECT a FROM log ORDER BY a)"));
}

CAF_TEST(a write is whole or not at all) {
  sql_write whole{
    {{"INSERT INTO t VALUES (50, 'x')", {}}, {"INSERT INTO nowhere VALUES (1)", {}}},
    {},
    sql_origin::user};
  append(insert(1));
  append(whole);
  sql_write rows = one("INSERT INTO t VALUES (?, 1)");
  rows.rows = {{int64_t{2}}, {int64_t{1}}};
  append(rows);
  flush();
  CAF_CHECK_EQUAL(keys(), "1");
  CAF_CHECK_EQUAL(dead_lines(), 2u);
}

// -- the file ---------------------------------------------------------------------

CAF_TEST(a dead letter is on disk before the commit that passes it) {
  append(one("INSERT INTO nowhere VALUES (1)"));
  append(insert(1));
  CAF_MESSAGE("the commit fails: the letter is there, the neighbour waits");
  files().fail(sqlite::io_operation::write, sqlite_full, 2); // of all, and of each
  CAF_CHECK_EQUAL(flush_code(), ec::disk_full);
  CAF_CHECK_EQUAL(dead_lines(), 1u);
  CAF_CHECK_EQUAL(count(), "0");
  CAF_CHECK_EQUAL(numbers().queued, 2u);
  CAF_MESSAGE("the next try does not write it again nor run it again");
  must("CREATE TABLE nowhere(a)");
  CAF_CHECK_EQUAL(flush(), 2u);
  CAF_CHECK_EQUAL(dead_lines(), 1u);
  CAF_CHECK_EQUAL(count(), "1");
  CAF_CHECK_EQUAL(ask_file("SELECT count(*) FROM nowhere"), "0");
  CAF_CHECK_EQUAL(numbers().dead_letters, 1u);
}

CAF_TEST(a kill between dead letter and commit makes no double and no loss) {
  append(one("INSERT INTO nowhere VALUES (1)"));
  append(insert(1));
  files().fail(sqlite::io_operation::write, sqlite_full, 2); // of all, and of each
  CAF_CHECK_EQUAL(flush_code(), ec::disk_full);
  CAF_REQUIRE(dead_lines() == 1u);
  die();
  start_with_spool();
  flush();
  CAF_CHECK_EQUAL(dead_lines(), 1u);
  CAF_CHECK_EQUAL(keys(), "1");
  CAF_CHECK_EQUAL(lane().written, 2u);
}

CAF_TEST(while no dead letter can be written nothing passes it) {
  std::filesystem::create_directory(config.dead_letter_file);
  append(insert(1));
  append(one("INSERT INTO nowhere VALUES (1)"));
  append(insert(2));
  CAF_CHECK(flush_code() != ec::none);
  CAF_CHECK_EQUAL(count(), "0");
  CAF_CHECK_EQUAL(numbers().queued, 3u);
  CAF_MESSAGE("and the database is not suspected for it");
  CAF_CHECK(!stats().suspect);
  std::filesystem::remove(config.dead_letter_file);
  CAF_CHECK_EQUAL(flush(), 3u);
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(dead_lines(), 1u);
}

CAF_TEST(dead letters are an alert until the file is moved away) {
  append(one("INSERT INTO nowhere VALUES (1)"));
  CAF_CHECK_EQUAL(alerts(), "");
  flush();
  CAF_CHECK_EQUAL(alerts(), "sql-dead-letters ");
  std::filesystem::rename(config.dead_letter_file, config.dead_letter_file + ".1");
  CAF_CHECK_EQUAL(alerts(), "");
  append(one("INSERT INTO nowhere VALUES (2)"));
  flush();
  CAF_CHECK_EQUAL(dead_lines(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

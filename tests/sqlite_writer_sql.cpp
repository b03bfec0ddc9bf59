// What users' SQL may do in the writer, and what it is answered.
#define CAF_SUITE sqlite_writer_sql
#include "tests/sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

void add(metrics_report& to, const metrics_report& x) {
  to.counts += x.counts;
  to.ledger.insert(to.ledger.end(), x.ledger.begin(), x.ledger.end());
}

metrics_aggregator_actor::behavior_type
summing(metrics_aggregator_actor::pointer, const std::shared_ptr<metrics_report>& sum) {
  return {
    [sum](atom::report, const metrics_report& x) { add(*sum, x); },
    [](atom::attach, const metered_actor&) { CAF_FAIL("attach"); },
    [](atom::ledger) { return ledger_report{}; },
    [](atom::totals) { return metrics_totals{}; },
    [](atom::snapshot) { return metrics_window{}; },
    [](atom::history) { return std::vector<metrics_window>{}; },
    [](atom::tick) { CAF_FAIL("tick"); },
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
  };
}

struct local : sqlite_fixture {
  local() {
    metrics = tracked(sys.spawn(summing, sum));
    start_writer();
    must("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
  }

  std::shared_ptr<metrics_report> sum = std::make_shared<metrics_report>();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_writer_sql_tests, local)

// -- what users may not ---------------------------------------------------------

CAF_TEST(users may not control transactions or leave their database) {
  must("CREATE TABLE u(a)");
  for (auto* sql : {"BEGIN",
                    "COMMIT",
                    "END",
                    "ROLLBACK",
                    "SAVEPOINT s",
                    "RELEASE sluice_request",
                    "ROLLBACK TO sluice_request",
                    "ATTACH ':memory:' AS m",
                    "DETACH main",
                    "CREATE TEMP TABLE x(a)",
                    "CREATE TABLE temp.x(a)",
                    "CREATE TEMP VIEW v AS SELECT 1",
                    "CREATE TEMP TRIGGER r AFTER INSERT ON u BEGIN SELECT 1; END",
                    "VACUUM",
                    "VACUUM INTO '/tmp/sluice-never.db'",
                    "SELECT load_extension('x')",
                    "SELECT fts3_tokenizer('simple')",
                    "PRAGMA journal_mode = delete",
                    "PRAGMA synchronous = off",
                    "PRAGMA wal_checkpoint",
                    "PRAGMA wal_autocheckpoint = 1",
                    "PRAGMA writable_schema = 1",
                    "PRAGMA foreign_keys = 0",
                    "PRAGMA optimize",
                    "PRAGMA incremental_vacuum",
                    "PRAGMA nonsense"})
    CAF_CHECK_EQUAL(std::make_pair(sql, code(sql)), std::make_pair(sql, ec::refused));
  CAF_MESSAGE("beside others as well, and those are committed");
  auto answers = together({one("INSERT INTO u VALUES (1)"), one("COMMIT"), one("VACUUM"),
                           one("INSERT INTO u VALUES (2)")});
  CAF_CHECK(answers[0].engaged());
  CAF_CHECK_EQUAL(code_of(answers[1].error()), ec::refused);
  CAF_CHECK_EQUAL(code_of(answers[2].error()), ec::refused);
  CAF_CHECK(answers[3].engaged());
}

CAF_TEST(what is named sluice is not for users in any case or by any way) {
  sql_write own{{{"CREATE TABLE sluice_own(a)", {}}}, {}, sql_origin::sluice};
  CAF_REQUIRE_EQUAL(code(own), ec::none);
  must("CREATE TABLE u(a, sluice_column)");
  for (auto* sql :
       {"CREATE TABLE sluice_x(a)", "CREATE TABLE SLUICE_x(a)",
        "CREATE TABLE \"Sluice_x\"(a)", "CREATE TABLE main.sluice_x AS SELECT 1",
        "CREATE INDEX sluice_i ON u(a)", "CREATE INDEX i ON sluice_own(a)",
        "CREATE VIEW sluice_v AS SELECT 1",
        "CREATE TRIGGER sluice_r AFTER INSERT ON u BEGIN SELECT 1; END",
        "CREATE TRIGGER r AFTER INSERT ON sluice_own BEGIN SELECT 1; END",
        "CREATE VIRTUAL TABLE sluice_f USING fts5(a)",
        "INSERT INTO sluice_own VALUES (1)", "UPDATE sluice_own SET a = 1",
        "DELETE FROM sluice_own", "DROP TABLE sluice_own",
        "ALTER TABLE sluice_own ADD COLUMN b", "ALTER TABLE u RENAME TO sluice_u",
        "ALTER TABLE u RENAME TO [SLUICE_u]", "ANALYZE sluice_own"})
    CAF_CHECK_EQUAL(std::make_pair(sql, code(sql)), std::make_pair(sql, ec::refused));
  CAF_CHECK_EQUAL(code("SELECT * FROM sluice_own"), ec::none);
  CAF_CHECK_EQUAL(code("UPDATE u SET sluice_column = 1"), ec::none);
  CAF_CHECK_EQUAL(code("ALTER TABLE u RENAME TO renamed"), ec::none);
}

CAF_TEST(triggers and views are no way around) {
  sql_write own{{{"CREATE TABLE sluice_own(a)", {}}}, {}, sql_origin::sluice};
  CAF_REQUIRE_EQUAL(code(own), ec::none);
  must("CREATE TABLE u(a)");
  must("CREATE VIEW v AS SELECT 1 AS a");
  must(
    "CREATE TRIGGER r1 AFTER INSERT ON u BEGIN INSERT INTO sluice_own VALUES (1); END");
  must("CREATE TRIGGER r2 INSTEAD OF INSERT ON v BEGIN DELETE FROM sluice_own; END");
  CAF_CHECK_EQUAL(code("INSERT INTO u VALUES (1)"), ec::refused);
  CAF_CHECK_NOT_EQUAL(said.find("sluice_"), std::string::npos);
  CAF_CHECK_EQUAL(code("INSERT INTO v VALUES (1)"), ec::refused);
}

CAF_TEST(a migration runs with foreign keys off and leaves them on) {
  must("CREATE TABLE child(p REFERENCES t(a))");
  must("INSERT INTO t VALUES (1, 1)");
  must("INSERT INTO child VALUES (1)");
  sql_write migration{{{"PRAGMA foreign_keys = OFF", {}},
                       {"DELETE FROM t", {}},
                       {"INSERT INTO t VALUES (1, 2)", {}},
                       {"PRAGMA user_version = 5", {}},
                       {"PRAGMA foreign_keys = ON", {}}},
                      {},
                      sql_origin::user};
  CAF_MESSAGE("GIVEN others in flight THEN each is as if it were alone");
  auto orphan = one("INSERT INTO child VALUES (9)");
  auto answers =
    together({orphan, migration, orphan, one("INSERT INTO t VALUES (3, 3)")});
  CAF_CHECK_EQUAL(code_of(answers[0].error()), ec::refused);
  CAF_REQUIRE(answers[1].engaged());
  CAF_CHECK_EQUAL(copy(answers[1]->results.size()), 5u);
  CAF_CHECK_EQUAL(code_of(answers[2].error()), ec::refused);
  CAF_CHECK(answers[3].engaged());
  migration.statements.erase(migration.statements.begin() + 2);
  CAF_CHECK_EQUAL(code(migration), ec::refused);
  CAF_CHECK_NOT_EQUAL(said.find("child"), std::string::npos);
  CAF_CHECK_EQUAL(code(orphan), ec::refused);
}

CAF_TEST(who defers foreign keys does so for nobody else) {
  must("CREATE TABLE child(p REFERENCES t(a))");
  sql_write deferred{{{"PRAGMA defer_foreign_keys = 1", {}},
                      {"INSERT INTO child VALUES (1)", {}},
                      {"INSERT INTO t VALUES (1, 1)", {}}},
                     {},
                     sql_origin::user};
  sql_write late{
    {{"INSERT INTO child VALUES (2)", {}}, {"INSERT INTO t VALUES (2, 2)", {}}},
    {},
    sql_origin::user};
  auto answers = together({deferred, late});
  CAF_CHECK(answers[0].engaged());
  CAF_CHECK_EQUAL(code_of(answers[1].error()), ec::refused);
}

CAF_TEST(what is malformed is told from what is refused) {
  for (auto* sql : {"", ";", "-- nothing", "SELECT 1; SELECT 2"})
    CAF_CHECK_EQUAL(std::make_pair(sql, code(sql)),
                    std::make_pair(sql, ec::invalid_argument));
  CAF_CHECK_EQUAL(code(one("INSERT INTO t VALUES (?, ?)", {int64_t{1}})),
                  ec::invalid_argument);
  CAF_CHECK_EQUAL(code(one("INSERT INTO t VALUES (1, 1)", {int64_t{1}})),
                  ec::invalid_argument);
  CAF_CHECK_EQUAL(code(sql_write{}), ec::invalid_argument);
  CAF_CHECK_EQUAL(
    code(sql_write{{{"SELECT 1", {}}, {"SELECT 2", {}}}, {{}}, sql_origin::user}),
    ec::invalid_argument);
  must("INSERT INTO t VALUES (1, 1)");
  CAF_CHECK_EQUAL(code("INSERT INTO t VALUES (1, 1)"), ec::refused);
  CAF_CHECK_EQUAL(said, "UNIQUE constraint failed: t.a");
}

// -- what is answered -----------------------------------------------------------

CAF_TEST(changes are those of the statement itself and none for what changes no row) {
  CAF_CHECK_EQUAL(copy(must("INSERT INTO t VALUES (1, 1), (2, 2)").results[0].changes),
                  2);
  CAF_CHECK_EQUAL(copy(must("CREATE TABLE u(a)").results[0].changes), 0);
  CAF_CHECK_EQUAL(copy(must("SELECT * FROM t").results[0].changes), 0);
  CAF_CHECK_EQUAL(copy(must("UPDATE t SET b = 3 WHERE a = 9").results[0].changes), 0);
  must("CREATE TRIGGER r AFTER DELETE ON t BEGIN INSERT INTO u VALUES (1), (2); END");
  CAF_CHECK_EQUAL(copy(must("DELETE FROM t WHERE a = 1").results[0].changes), 1);
  CAF_CHECK_EQUAL(copy(must("DROP TABLE u").results[0].changes), 0);
}

CAF_TEST(the last rowid is the one of this write or none) {
  CAF_CHECK_EQUAL(copy(must("INSERT INTO t VALUES (41, 1)").results[0].last_insert_rowid),
                  41);
  CAF_CHECK_EQUAL(copy(must("UPDATE t SET b = 2").results[0].last_insert_rowid), 0);
  auto answers =
    together({one("INSERT INTO t(b) VALUES (1)"), one("UPDATE t SET b = 3")});
  CAF_CHECK_EQUAL(copy(answers[0]->results[0].last_insert_rowid), 42);
  CAF_CHECK_EQUAL(copy(answers[1]->results[0].last_insert_rowid), 0);
}

CAF_TEST(RETURNING brings columns and rows) {
  auto result = must("INSERT INTO t VALUES (1, 'x'), (2, 'y') RETURNING a, b").results[0];
  CAF_CHECK(result.columns == (std::vector<std::string>{"a", "b"}));
  CAF_CHECK(result.rows
            == (std::vector<sql_row>{{int64_t{1}, "x"s}, {int64_t{2}, "y"s}}));
  CAF_CHECK_EQUAL(result.changes, 2);
}

CAF_TEST(a batch is one statement run for each row and sums its changes) {
  sql_write batch{{{"INSERT INTO t VALUES (?, ?)", {}}}, {}, sql_origin::user};
  for (int64_t i = 0; i < 100; ++i)
    batch.rows.push_back({i, "x"s});
  auto receipt = write(batch);
  CAF_REQUIRE(receipt.engaged());
  CAF_CHECK_EQUAL(copy(receipt->results.size()), 1u);
  CAF_CHECK_EQUAL(copy(receipt->results[0].changes), 100);
  CAF_MESSAGE("one bad row takes back all of them");
  batch.rows = {{int64_t{200}, "x"s}, {int64_t{0}, "twice"s}};
  CAF_CHECK_EQUAL(code(batch), ec::refused);
  CAF_CHECK(onlooker{path}.ask("SELECT a FROM t WHERE a >= 200").empty());
}

CAF_TEST(rows over the size limit are refused and what returned them is taken back) {
  auto config = writer_config();
  config.max_result_bytes = 100 + sizeof(sql_value) + "b"s.size();
  start_writer(config);
  CAF_CHECK_EQUAL(code("INSERT INTO t VALUES (1, printf('%100s', '')) RETURNING b"),
                  ec::none);
  auto answers =
    together({one("INSERT INTO t VALUES (2, printf('%101s', '')) RETURNING b"),
              one("INSERT INTO t VALUES (3, 'x')")});
  CAF_CHECK_EQUAL(code_of(answers[0].error()), ec::refused);
  CAF_CHECK(answers[1].engaged());
  CAF_CHECK_EQUAL(copy(onlooker{path}.ask("SELECT group_concat(a) FROM t").front()),
                  "1,3");
}

// -- numbers --------------------------------------------------------------------

CAF_TEST(each count is told once whoever is told) {
  *sum = {};
  sql_write batch{{{"INSERT INTO t VALUES (?, 1)", {}}},
                  {{int64_t{1}}, {int64_t{2}}, {int64_t{3}}},
                  sql_origin::user};
  sql_write own = one("INSERT INTO t VALUES (9, 9)");
  own.origin = sql_origin::sluice;
  together({batch, own, one("SELECT 1"), one("COMMIT")});
  add(*sum, *ask<metrics_report>(writer, atom::collect_v));
  CAF_CHECK_EQUAL(copy(sum->counts.queries), 4u);
  CAF_CHECK_EQUAL(copy(sum->counts.transactions), 2u);
  CAF_CHECK_EQUAL(copy(sum->counts.commits), 1u);
  CAF_CHECK_GREATER(copy(sum->counts.disk.write_bytes), 4096u);
  CAF_CHECK(*ask<metrics_report>(writer, atom::collect_v) == metrics_report{});
}

CAF_TEST(reading the numbers never checkpoints) {
  must("INSERT INTO t VALUES (1, 1)");
  auto before = stats();
  for (int i = 0; i < 10; ++i)
    CAF_CHECK(stats().wal == before.wal);
  CAF_CHECK_EQUAL(stats().checkpoints, 0u);
  CAF_CHECK_EQUAL(before.wal.checkpointed, 0);
  CAF_CHECK_GREATER(before.wal.frames, 0);
  CAF_CHECK_GREATER(before.cache_hits, 0u);
}

CAF_TEST(maintenance checks analyzes and vacuums) {
  must("INSERT INTO t VALUES (1, 1)");
  for (auto kind : {maintenance_kind::integrity_check, maintenance_kind::analyze,
                    maintenance_kind::vacuum}) {
    auto report = ask<maintenance_report>(writer, atom::maintain_v, kind);
    CAF_REQUIRE(report.engaged());
    CAF_CHECK(report->ok);
    CAF_CHECK(report->errors.empty());
  }
  CAF_CHECK_EQUAL(copy(onlooker{path}.ask("SELECT count(*) FROM sqlite_stat1").front()),
                  "1");
}

CAF_TEST_FIXTURE_SCOPE_END()

// What ties the users' schema to the service's own tables is refused to users, whatever
// the text says; what others have made is told, and does nothing in our own statements.
#define CAF_SUITE sqlite_ties
#include "tests/sqlite_fixture.hpp"

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

struct local : sqlite_fixture {
  local() {
    start_writer();
    must("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    own("CREATE TABLE sluice_sync(id INTEGER PRIMARY KEY CHECK (id = 1), "
        "commits INTEGER NOT NULL)");
  }

  caf::expected<sql_receipt> try_own(const std::string& sql) {
    return write({{{sql, {}}}, {}, sql_origin::sluice});
  }

  void own(const std::string& sql) {
    if (auto receipt = try_own(sql); !receipt)
      CAF_FAIL(sql << ": " << text_of(receipt.error()));
  }

  /// Another program, which may do anything.
  void elsewhere(const std::string& sql) {
    onlooker{path, sqlite::access::read_write}.ask(sql);
  }

  std::string found(const std::string& sql) { return onlooker{path}.ask(sql).front(); }

  /// What the alert says; empty if there is none.
  std::string told() {
    auto alerts = ask<status_report>(writer, atom::status_v)->alerts;
    auto i = std::find_if(alerts.begin(), alerts.end(),
                          [](const alert& x) { return x.id == "database-schema-tied"; });
    return i == alerts.end() ? "" : i->text;
  }

  bool tells(const std::string& words) { return told().find(words) != std::string::npos; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_ties_tests, local)

CAF_TEST(what would be tied is taken back and nobody beside it is harmed) {
  auto answers = together(
    {one("INSERT INTO t VALUES (1, 1)"), one("CREATE TABLE c(n REFERENCES sluice_sync)"),
     one("CREATE TABLE d(n REFERENCES t)"), one("ALTER TABLE t RENAME TO sluice_t"),
     one("INSERT INTO t VALUES (2, 2)")});
  CAF_CHECK(answers[0].engaged());
  CAF_CHECK_EQUAL(code_of(answers[1].error()), ec::refused);
  CAF_CHECK_EQUAL(text_of(answers[1].error()),
                  "not authorized: the foreign key of c to sluice_sync: names that begin "
                  "with sluice_ are the service's own");
  CAF_CHECK(answers[2].engaged());
  CAF_CHECK_EQUAL(code_of(answers[3].error()), ec::refused);
  CAF_CHECK(answers[4].engaged());
  CAF_CHECK_EQUAL(found("SELECT group_concat(name) FROM sqlite_schema"),
                  "t,sluice_sync,d");
  CAF_CHECK_EQUAL(told(), "");
}

CAF_TEST(a write is judged by what it leaves behind) {
  sql_write renames{
    {{"ALTER TABLE t RENAME TO sluice_t", {}}, {"ALTER TABLE sluice_t RENAME TO u", {}}},
    {},
    sql_origin::user};
  CAF_CHECK_EQUAL(code(renames), ec::refused);
  sql_write dropped{
    {{"CREATE TABLE c(n REFERENCES sluice_sync)", {}}, {"DROP TABLE c", {}}},
    {},
    sql_origin::user};
  CAF_CHECK_EQUAL(code(dropped), ec::none);
  sql_write batch{{{"CREATE TABLE IF NOT EXISTS c(n REFERENCES sluice_sync)", {}}},
                  {{}, {}},
                  sql_origin::user};
  CAF_CHECK_EQUAL(code(batch), ec::refused);
  CAF_CHECK_EQUAL(code("CREATE TABLE c(n REFERENCES t)"), ec::none);
}

CAF_TEST(a schema that comes in place of one that was taken back is looked at) {
  must("CREATE TABLE c(n REFERENCES t DEFERRABLE INITIALLY DEFERRED)");
  auto before = found("PRAGMA schema_version");
  auto answers = together(
    {one("CREATE TABLE e(n)"), one("INSERT INTO e VALUES (1)"), one("VACUUM"),
     one("INSERT OR ROLLBACK INTO t VALUES (1, 1), (1, 2)"), one("DROP TABLE e")});
  CAF_REQUIRE(answers[0].engaged());
  elsewhere("CREATE TABLE x(n REFERENCES sluice_sync)");
  must("INSERT INTO t VALUES (7, 7)");
  CAF_CHECK(tells("foreign key of x to sluice_sync"));
  CAF_CHECK_NOT_EQUAL(found("PRAGMA schema_version"), before);
}

CAF_TEST(what others have tied does nothing in our own statements) {
  own("INSERT INTO sluice_sync VALUES (1, 1)");
  must("CREATE TABLE seen(a)");
  elsewhere("CREATE TABLE c(n REFERENCES sluice_sync(commits))");
  elsewhere("CREATE TRIGGER r AFTER UPDATE ON sluice_sync BEGIN "
            "INSERT INTO seen VALUES (1); SELECT RAISE(ROLLBACK, 'no'); END");
  CAF_MESSAGE("synced commits among them, in one group with users' writes");
  for (int64_t i = 10; i < 13; ++i)
    must("INSERT INTO t VALUES (?, 1)", {i}, durability::disk);
  own("UPDATE sluice_sync SET commits = commits + 1");
  CAF_CHECK_EQUAL(found("SELECT count(*) FROM seen"), "0");
  CAF_CHECK_EQUAL(found("SELECT commits FROM sluice_sync"), "5");
  CAF_CHECK(tells("the foreign key of c to sluice_sync, the trigger r on sluice_sync"));
  CAF_MESSAGE("users' own hold all the same");
  must("CREATE TABLE child(p REFERENCES t(a))");
  must("CREATE TRIGGER s AFTER INSERT ON t BEGIN INSERT INTO seen VALUES (2); END");
  must("INSERT INTO t VALUES (20, 1)", {}, durability::disk);
  CAF_CHECK_EQUAL(found("SELECT group_concat(a) FROM seen"), "2");
  CAF_CHECK_EQUAL(code("INSERT INTO child VALUES (99)"), ec::refused);
  CAF_MESSAGE("until they are dropped");
  CAF_CHECK_EQUAL(code("CREATE TABLE d(n REFERENCES sluice_sync)"), ec::refused);
  must("DROP TRIGGER r");
  must("DROP TABLE c");
  CAF_CHECK_EQUAL(told(), "");
}

CAF_TEST(many ties are told in a few words) {
  for (int i = 0; i < 20; ++i)
    elsewhere("CREATE TABLE c" + std::to_string(i) + "(n REFERENCES sluice_sync)");
  must("INSERT INTO t VALUES (1, 1)");
  CAF_CHECK(tells(" and 12 more. "));
  CAF_CHECK_LESS(told().size(), 1000u);
}

CAF_TEST_FIXTURE_SCOPE_END()

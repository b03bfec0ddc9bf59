// What is run in a transaction is not run without one.
#define CAF_SUITE write_transaction
#include "actors/database/write_transaction.hpp"
#include "messages/error.hpp"
#include "tests/sqlite_fixture.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::test;

namespace {

struct transaction_fixture : sqlite_fixture {
  transaction_fixture() {
    CAF_REQUIRE(!db.open(path, sqlite::access::read_write));
    CAF_REQUIRE(!db.run("CREATE TABLE t(x)"));
  }

  /// As SQLite does it when it lacks memory while somebody reads a value: it tells
  /// nobody.
  void end_in_silence() { CAF_REQUIRE(!db.run("ROLLBACK")); }

  std::vector<std::string> rows() {
    onlooker other{path};
    return other.ask("SELECT x FROM t");
  }

  sqlite::vfs files;
  sqlite::connection db{files};
  sqlite::schema_watch schema{db};
  write_config cfg;
  write_transaction uut{db, schema, cfg, false};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(write_transaction_tests, transaction_fixture)

CAF_TEST(a write whose transaction has ended in silence does nothing) {
  CAF_REQUIRE(!uut.begin(false));
  end_in_silence();
  auto outcome = uut.run(one("INSERT INTO t VALUES (1)"));
  CAF_REQUIRE(!outcome);
  CAF_CHECK(outcome.error() == ec::unavailable);
  CAF_CHECK_EQUAL(rows().size(), 0u);
}

CAF_TEST(nor does one of a group) {
  CAF_REQUIRE(!uut.begin(false));
  end_in_silence();
  caf::expected<sql_receipt> outcome{ec::unavailable};
  CAF_CHECK(uut.run_in_savepoint(one("INSERT INTO t VALUES (1)"), outcome)
            == ec::unavailable);
  CAF_CHECK_EQUAL(rows().size(), 0u);
}

CAF_TEST(in its transaction it does what it should) {
  CAF_REQUIRE(!uut.begin(false));
  CAF_CHECK(uut.run(one("INSERT INTO t VALUES (1)")));
  CAF_CHECK(!uut.commit());
  CAF_CHECK_EQUAL(rows(), (std::vector<std::string>{"1"}));
}

CAF_TEST_FIXTURE_SCOPE_END()

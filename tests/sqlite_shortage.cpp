// What becomes of a connection where there is no memory for something of ours.
#define CAF_SUITE sqlite_shortage
#include "tests/refused_memory.hpp"
#include "tests/sqlite_fixture.hpp"

#include <new>

using namespace sluice;
using namespace sluice::test;

CAF_TEST_FIXTURE_SCOPE(sqlite_shortage_tests, sqlite_fixture)

CAF_TEST(a connection that was short of memory in its midst lets go of its locks) {
  onlooker other{path, sqlite::access::read_write};
  CAF_REQUIRE(!other.db.run("PRAGMA journal_mode = wal"));
  auto refusals = 0;
  for (auto whole = false; !whole; ++refusals) {
    onlooker one{path, sqlite::access::read_write};
    CAF_REQUIRE(!one.db.run("BEGIN IMMEDIATE"));
    const auto sql = "SELECT " + std::to_string(refusals) + std::string(50, ' ');
    try {
      test::grant_allocations(refusals);
      whole = one.db.prepare(sql, sql_origin::user).engaged();
    } catch (const std::bad_alloc&) {
      // It dies of that.
    }
    test::grant_allocations(-1);
    one.db.close();
    auto err = other.db.run("BEGIN IMMEDIATE");
    if (err)
      CAF_FAIL("after refusal " << refusals << ": " << text_of(err));
    CAF_REQUIRE(!other.db.run("ROLLBACK"));
  }
  CAF_CHECK_GREATER(refusals, 2);
}

CAF_TEST_FIXTURE_SCOPE_END()

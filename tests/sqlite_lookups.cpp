// How much SQLite looks for names while it compiles can be told from the text, and no way
// of writing hides it.
#define CAF_SUITE sqlite_lookups
#include "actors/storage/sqlite_lookups.hpp"

#include "messages/error.hpp"

#include <string>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::sqlite;
using namespace std::string_literals;

namespace {

std::string times(const std::string& text, size_t n) {
  std::string result;
  for (size_t i = 0; i < n; ++i)
    result += text;
  return result;
}

/// An expression of n names that no table has.
std::string unknown(size_t n) {
  return "1 IN (" + times("\"nobody\", ", n) + "1)";
}

/// What the further table costs, by what a statement costs without it.
bool costs_more(const std::string& with, const std::string& without) {
  return lookups_of(with) > lookups_of(without) * 3 / 2;
}

} // namespace

CAF_TEST(each name counts for each table that it could be in) {
  auto where = " WHERE " + unknown(100);
  auto one = "SELECT 1 FROM a" + where;
  CAF_CHECK(lookups_of(one) > 100 * 8 * 8);
  for (const auto* from : {"a, b", "a JOIN b", "a AS x, b", "(a, b)", "((a, b))",
                           "(a JOIN b)", "a, (SELECT 1 FROM c), b"})
    CAF_CHECK(costs_more("SELECT 1 FROM "s + from + where, one));
  for (const auto* from : {"a /* , b */", "a -- , b\n", "[a, b]"})
    CAF_CHECK(!costs_more("SELECT 1 FROM "s + from + where, one));
}

CAF_TEST(what is in brackets may name the tables around them) {
  auto inner = "(SELECT 1 FROM a WHERE " + unknown(100) + ")";
  CAF_CHECK(costs_more("SELECT " + inner + " FROM b, c", "SELECT " + inner));
  CAF_CHECK(
    costs_more("SELECT (SELECT 1 UNION SELECT " + unknown(100) + ") FROM b, c, d, e",
               "SELECT (SELECT 1 UNION SELECT " + unknown(100) + ") FROM b"));
}

CAF_TEST(statements beside each other do not add up) {
  auto one = "SELECT a FROM t WHERE b IS DISTINCT FROM c ";
  auto many = lookups_of(times(one + " UNION ALL "s, 400) + one);
  CAF_CHECK(many < lookups_of(one) * 500);
}

CAF_TEST(values count for nothing) {
  CAF_CHECK(lookups_of("INSERT INTO t VALUES " + times("(1, 'text', 2.5e3), ", 100'000))
            < 100);
  CAF_CHECK(lookups_of("SELECT 1 FROM t WHERE a IN (" + times("1, 'b', ", 1000) + "2)")
            < 200);
  CAF_CHECK(lookups_of("CREATE VIEW v AS SELECT 1" + times("+1", 100'000) + " FROM t")
            < 5000);
}

CAF_TEST(no way of writing hides a name) {
  auto rest = " FROM a, b, c WHERE " + unknown(1000);
  auto plain = lookups_of("SELECT 1" + rest);
  for (const auto* begin : {"SELECT $a('), ", "SELECT $a::b('), ", "SELECT :a(\"), ",
                            "SELECT x'', ", "SELECT [\"], ", "(", "/**/", ";;SELECT "})
    CAF_CHECK(lookups_of(begin + rest) >= plain * 9 / 10);
  CAF_CHECK(lookups_of("SELECT " + times("(", 5000) + "1" + rest) >= plain * 9 / 10);
}

CAF_TEST(a table of all columns with each other costs much) {
  auto joined = [](size_t n) {
    return check_text("SELECT 1 FROM t0" + times(" NATURAL JOIN t", n), sql_origin::user);
  };
  CAF_CHECK(!joined(7));
  CAF_CHECK_EQUAL(code_of(joined(20)), ec::too_large);
}

CAF_TEST(what stays in the schema has fewer names) {
  auto view = "VIEW v AS SELECT 1 WHERE 1 IN (" + times("a, ", 30'000) + "1)";
  CAF_CHECK_EQUAL(code_of(check_text("CREATE " + view, sql_origin::user)), ec::too_large);
  CAF_CHECK_EQUAL(code_of(check_text("; CREATE " + view, sql_origin::user)),
                  ec::too_large);
  CAF_CHECK(!check_text(view, sql_origin::user));
  CAF_CHECK(!check_text("CREATE " + view, sql_origin::sluice));
}

// Only whole tokens of SQL count, never what is in a literal, a comment or a longer name.
#define CAF_SUITE sqlite_tokens
#include "actors/storage/sqlite_tokens.hpp"

#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice::sqlite;

namespace {

std::vector<std::string> tokens(std::string_view sql) {
  std::vector<std::string> result;
  token_reader from{sql};
  for (auto x = from.next(); x; x = from.next())
    result.push_back(x->text);
  return result;
}

} // namespace

CAF_TEST(tokens are those of SQLite) {
  using list = std::vector<std::string>;
  CAF_CHECK(tokens("a.\"b\"\"c\" /* x */ 'd''e'--f\n[g h]`i`;")
            == (list{"a", ".", "b\"c", "d'e", "g h", "i", ";"}));
  CAF_CHECK(tokens("$a::b('c), @d('e f), :(g)")
            == (list{"$a::b('c)", ",", "@d('e", "f", ")", ",", ":", "(", "g", ")"}));
  CAF_CHECK(tokens("'open").size() == 1);
  CAF_CHECK(tokens("/* open").empty());
  CAF_CHECK(tokens("").empty());
}

CAF_TEST(ANALYZE of an own table is told from ANALYZE of all) {
  CAF_CHECK(analyzes_own("ANALYZE sluice_t"));
  CAF_CHECK(analyzes_own("/**/ analyze main . [SLUICE_t];"));
  CAF_CHECK(!analyzes_own("ANALYZE"));
  CAF_CHECK(!analyzes_own("ANALYZE my_sluice_t -- sluice_t"));
}

CAF_TEST(what foreign keys are set to is read as SQLite reads it) {
  using found = std::optional<bool>;
  for (const auto* sql :
       {"PRAGMA foreign_keys = ON", "pragma foreign_keys=1;",
        "PRAGMA main.foreign_keys(yes) ;", "PRAGMA foreign_keys = 'true'"})
    CAF_CHECK(foreign_keys_set_by(sql) == found{true});
  for (const auto* sql : {"PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys(0)",
                          "PRAGMA foreign_keys = nonsense", "PRAGMA foreign_keys=no"})
    CAF_CHECK(foreign_keys_set_by(sql) == found{false});
  for (const auto* sql : {"PRAGMA foreign_keys", "PRAGMA user_version = 1",
                          "SELECT 'PRAGMA foreign_keys = 1'",
                          "PRAGMA foreign_keys = 1; x", "PRAGMA foreign_keys(1", ""})
    CAF_CHECK(foreign_keys_set_by(sql) == found{});
}

// Each value of SQLite's goes out as what it is, and comes back as that.
#define CAF_SUITE sql_json
#include "actors/detail/sql_json.hpp"
#include "actors/detail/json_input.hpp"

#include <cmath>
#include <limits>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace std::string_literals;

namespace {

constexpr auto infinity = std::numeric_limits<double>::infinity();

std::string print(const sql_value& x,
                  json::integer_form integers = json::integer_form::number) {
  std::string out;
  json::append_value(out, x, integers);
  return out;
}

sql_value read(const std::string& text) {
  auto x = json::read_statement(R"({"sql":"SELECT ?","params":[)" + text + "]}");
  if (!x)
    CAF_FAIL(text_of(x.error()));
  return x->params.at(0);
}

std::string refusal(const std::string& params) {
  auto x = json::read_statement(R"({"sql":"SELECT ?","params":)" + params + "}");
  return x ? "" : text_of(x.error());
}

} // namespace

CAF_TEST(a REAL has a point or an exponent and is the shortest that reads back) {
  CAF_CHECK_EQUAL(print(20.0), "20.0");
  CAF_CHECK_EQUAL(print(-0.0), "-0.0");
  CAF_CHECK_EQUAL(print(0.1), "0.1");
  CAF_CHECK_EQUAL(print(1e300), "1e+300");
  CAF_CHECK_EQUAL(print(1e-7), "1e-07");
  CAF_CHECK_EQUAL(print(1.0 / 3), "0.3333333333333333");
  CAF_CHECK_EQUAL(print(9007199254740992.0), "9007199254740992.0");
  CAF_CHECK_EQUAL(print(int64_t{20}), "20");
}

CAF_TEST(what JSON has no word for is an object of one member) {
  CAF_CHECK_EQUAL(print(infinity), R"({"$real":"Infinity"})");
  CAF_CHECK_EQUAL(print(-infinity), R"({"$real":"-Infinity"})");
  CAF_CHECK_EQUAL(print(std::nan("")), "null");
  CAF_CHECK_EQUAL(print("caf\xe9"s), R"({"$text":"Y2Fm6Q=="})");
  CAF_CHECK_EQUAL(print("a\0\xc3\xa9"s), "\"a\\u0000\xc3\xa9\"");
  CAF_CHECK_EQUAL(print(sql_blob{""}), R"({"$blob":""})");
  CAF_CHECK_EQUAL(print(sql_blob{"\0\xff\x10"s}), R"({"$blob":"AP8Q"})");
}

CAF_TEST(every value comes back as what it was) {
  for (const sql_value& x :
       {sql_value{sql_null{}}, sql_value{std::numeric_limits<int64_t>::min()},
        sql_value{20.0}, sql_value{5e-324}, sql_value{infinity}, sql_value{-infinity},
        sql_value{"\xed\xa0\x80"s}, sql_value{"a\0b"s}, sql_value{sql_blob{"\xff"s}}})
    CAF_CHECK(read(print(x)) == x);
}

CAF_TEST(integers are strings for those who want them so and no other value is) {
  constexpr auto strings = json::integer_form::string;
  CAF_CHECK_EQUAL(print(std::numeric_limits<int64_t>::min(), strings),
                  "\"-9223372036854775808\"");
  CAF_CHECK_EQUAL(print(2.0, strings), "2.0");
  CAF_CHECK(read(R"({"$integer":"9007199254740993"})")
            == sql_value{int64_t{9007199254740993}});
}

CAF_TEST(a value that SQLite cannot hold is refused and told) {
  for (const auto* params :
       {R"([{"$real":"NaN"}])", R"([{"$real":"1.5"}])", R"([{"$text":"?"}])",
        R"([{"$integer":"9223372036854775808"}])", R"([{"$integer":"1.0"}])",
        R"([{"$integer":""}])", R"([{"$blob":5}])", R"([{"$blob":"","$text":""}])",
        R"([{}])", R"([[1]])", "5"})
    CAF_CHECK_NOT_EQUAL(std::make_pair(params, refusal(params)),
                        std::make_pair(params, ""s));
  CAF_CHECK_NOT_EQUAL(refusal("[18446744073709551615]").find("18446744073709551615"),
                      std::string::npos);
}

CAF_TEST(parameters have names or places) {
  auto x = json::read_statement(R"({"sql":"s","params":{":b":1,"@a":2.0}})");
  CAF_REQUIRE(x.engaged());
  CAF_CHECK(x->names == (std::vector<std::string>{":b", "@a"}));
  CAF_CHECK(x->params == (sql_row{int64_t{1}, 2.0}));
  CAF_CHECK_NOT_EQUAL(refusal(R"({":b":1,":b":2})").find(":b"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(refusal(R"({":b":[]})").find(":b"), std::string::npos);
}

CAF_TEST(the rows of a batch have the names of the first one in its order) {
  auto x = json::read_batch(R"({"sql":"s","rows":[{":a":1,":b":2},{":b":4,":a":3}]})");
  CAF_REQUIRE(x.engaged());
  CAF_CHECK(x->statements[0].names == (std::vector<std::string>{":a", ":b"}));
  CAF_CHECK(x->rows == (sql_rows{{int64_t{1}, int64_t{2}}, {int64_t{3}, int64_t{4}}}));
  for (const auto* rows :
       {R"([{":a":1},{":b":1}])", R"([{":a":1},{}])", R"([{":a":1},[1]])",
        R"([[1],{":a":1}])", R"([{":a":1},{":a":1,":b":2}])"}) {
    auto bad = json::read_batch(R"({"sql":"s","rows":)"s + rows + "}");
    CAF_REQUIRE(!bad);
    CAF_CHECK(text_of(bad.error()).starts_with("rows[1]"));
  }
}

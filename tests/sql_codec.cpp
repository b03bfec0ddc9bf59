// A queued write must come back from the spool as it went in, whatever it holds, and
// damage must be told, never read.
#define CAF_SUITE sql_codec
#include "actors/database/sql_codec.hpp"
#include "messages/error.hpp"

#include <cmath>
#include <limits>
#include <string>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace std::string_literals;

namespace {

sql_write rich() {
  constexpr auto least = std::numeric_limits<int64_t>::min();
  constexpr auto most = std::numeric_limits<int64_t>::max();
  sql_write write;
  write.statements = {
    {"INSERT INTO t VALUES (?, ?)", {sql_null{}, int64_t{0}, int64_t{-1}, least, most}},
    {"ä\0b"s, {0.1, -0.0, std::numeric_limits<double>::infinity(), ""s, "x\0y"s}},
    {"", {sql_blob{""}, sql_blob{"\xff\0\x80"s}}}};
  return write;
}

sql_write rows() {
  sql_write write;
  write.statements = {{"INSERT INTO t VALUES (?)", {}}};
  write.rows = {{int64_t{1}}, {}, {"two"s}};
  write.origin = sql_origin::sluice;
  return write;
}

sql_write named() {
  sql_write write;
  write.statements = {{"INSERT INTO t VALUES (:a, @b)", {int64_t{1}, "x"s}, {":a", "@b"}},
                      {"SELECT ?", {0.5}}};
  return write;
}

bool is_refused(const std::string& bytes) {
  auto result = decode(bytes);
  return !result && code_of(result.error()) == ec::invalid_argument;
}

} // namespace

CAF_TEST(what is written is read back with every kind of value) {
  for (const auto& write : {rich(), rows(), named(), sql_write{}}) {
    auto back = decode(encode(write, "d4"));
    CAF_REQUIRE(back.engaged());
    CAF_CHECK(back->write == write);
    CAF_CHECK(back->database == "d4");
  }
}

CAF_TEST(a small insert takes few bytes) {
  sql_write write;
  write.statements = {{std::string(40, 's'), {int64_t{7}, "x"s}}};
  CAF_CHECK(encode(write, "0123456789abcdef").size() <= 40u + 16u + 12u);
}

CAF_TEST(a record that is cut anywhere is refused) {
  for (const auto& write : {rich(), rows(), named()}) {
    auto whole = encode(write, "d4");
    for (size_t n = 0; n < whole.size(); ++n)
      CAF_CHECK(is_refused(whole.substr(0, n)));
    CAF_CHECK(is_refused(whole + "x"));
  }
}

CAF_TEST(what an earlier version of sluice left behind is read) {
  auto back = decode("\1\2d4\0\1\x8SELECT ?\1\1\2\0"s);
  CAF_REQUIRE(back.engaged());
  sql_write expected{{{"SELECT ?", {int64_t{1}}}}, {}, sql_origin::user};
  CAF_CHECK(back->write == expected);
  CAF_MESSAGE("and it can read what has no names");
  CAF_CHECK_EQUAL(static_cast<int>(encode(rich(), "d4")[0]), 1);
}

CAF_TEST(a record of another version is refused) {
  auto bytes = encode(rich(), "d4");
  for (char version : {'\0', '\3', '\xff'}) {
    bytes[0] = version;
    CAF_CHECK(is_refused(bytes));
  }
}

CAF_TEST(no damaged byte does more than change the write or be refused) {
  auto whole = encode(rich(), "d4");
  for (size_t i = 0; i < whole.size(); ++i)
    for (int x = 0; x < 256; x += 5) {
      auto bytes = whole;
      bytes[i] = static_cast<char>(x);
      auto result = decode(bytes);
      CAF_CHECK(result.engaged() || is_refused(bytes));
    }
}

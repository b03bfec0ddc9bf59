// What the grammar allows, and what is told about the rest.
#define CAF_SUITE json_grammar
#include "actors/detail/json_grammar.hpp"

#include "actors/detail/json_reading.hpp"

#include "tests/fixture.hpp"

#include <random>

using namespace sluice;
using namespace std::string_literals;

namespace {

constexpr size_t levels = 8;

/// Why a text is refused, and at which offset.
std::string refusal(std::string_view text) {
  auto found = json::find_fault(text, levels);
  return found ? std::to_string(found->offset) + ' ' + found->why : "none";
}

std::string unheld(const std::string& text) {
  auto found = json::find_unheld(text, levels);
  return found ? found->path + ": " + found->why : "none";
}

/// Texts that are JSON, each with what others have not.
const std::vector<std::string> seeds = {
  R"({"a":[1,-2.5e+10,true,false,null],"b":{"c":"d\u00e9\ud83d\ude00\n\/"}})",
  "[ \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\" ,\r\n\t{ } , [ ] , 0 , -0.0E-7 ]",
  R"({"\ud83d":"\udc00\ud800x","n":[1e999,18446744073709551616,-9223372036854775809]})",
  R"([[[[[[[["deep"]]]]]]]])",
  R"("\"\\\b\f\n\r\t\u0000\uDBFF\uDFFF")",
  "18446744073709551615",
  "1e400",
};

} // namespace

CAF_TEST(whatever the grammar allows is taken) {
  for (auto& text : seeds)
    CAF_CHECK_EQUAL(refusal(text), "none");
  for (auto text :
       {R"("\ud83d")", R"("\udc00\udc00")", "-0", "1E+2", "1e-999", " 1\n",
        R"({"a":1,"a":2})", R"({"":""})", "\"\x7f\"", "123456789012345678901234567890.5"})
    CAF_CHECK_EQUAL(refusal(text), "none");
}

CAF_TEST(a fault is told with its place and what was expected) {
  for (auto [text, told] : std::initializer_list<std::pair<std::string, const char*>>{
         {"", "0 not JSON: the text ends too early"},
         {" ", "1 not JSON: the text ends too early"},
         {"{\"a\":1", "6 not JSON: the text ends too early"},
         {"{\"a\":1}}", "7 not JSON: nothing may follow the value"},
         {"\xef\xbb\xbf{}", "0 not JSON: there is a byte order mark in front"},
         {"{a:1}", "1 not JSON: a member's name in double quotes is expected"},
         {"{\"a\":1,}", "7 not JSON: a member's name in double quotes is expected"},
         {"{\"a\" 1}", "5 not JSON: a colon is expected behind a member's name"},
         {"{\"a\":}", "5 not JSON: a value is expected"},
         {"{\"a\":1 \"b\"", "7 not JSON: a comma or '}' is expected behind a member"},
         {"[1,]", "3 not JSON: a value is expected"},
         {"[1 2]", "3 not JSON: a comma or ']' is expected behind an element"},
         {"[tru]", "4 not JSON: of words there are true, false and null"},
         {"[NaN]", "1 not JSON: a value is expected"},
         {"01", "1 not JSON: a number has no zero in front"},
         {"-x", "1 not JSON: a digit is expected behind '-'"},
         {"1.x", "2 not JSON: a digit is expected behind '.'"},
         {"1ex", "2 not JSON: a digit is expected in the exponent"},
         {"\"\n\"", "1 not JSON: a control character in a string has to be escaped"},
         {"\"\0\""s, "1 not JSON: a control character in a string has to be escaped"},
         {"\"\\x\"", "2 not JSON: there is no such escape"},
         {"\"\\u12g4\"", "5 not JSON: four hexadecimal digits are expected behind \\u"},
         {"\"a\xff\"", "2 JSON is not valid UTF-8"},
         {"\"\xed\xa0\x80\"", "1 JSON is not valid UTF-8"},
         {"[[[[[[[[[]]]]]]]]]", "8 JSON is nested deeper than 8"}})
    CAF_CHECK_EQUAL(refusal(text), told);
}

CAF_TEST(a place is counted in lines and in characters) {
  auto text = "{\n \"\xc3\xa9\xc3\xa9\": x"s;
  auto at = text.find('x');
  CAF_CHECK_EQUAL(json::place_in(text, at, true), "line 2, column 8");
  CAF_CHECK_EQUAL(json::place_in(text, at, false), "column 8");
  CAF_CHECK_EQUAL(json::place_in(text, 0, true), "line 1, column 1");
}

CAF_TEST(a value that nothing holds is named with the way to it) {
  CAF_CHECK_EQUAL(unheld(R"({"rows":[[1,2],[3,1e999]]})"),
                  "rows[1][1]: 1e999 is past what a double or a 64-bit integer holds");
  CAF_CHECK_EQUAL(unheld(R"({"n":-9223372036854775809})"),
                  "n: -9223372036854775809 is past what a double or a 64-bit integer "
                  "holds");
  CAF_CHECK_EQUAL(unheld(R"({"a":{"b":["\ud83d\ude00","x\uD83Dy"]}})"),
                  R"(a.b[1]: \uD83D is half of a surrogate pair, which no text holds)");
  CAF_CHECK_EQUAL(unheld(R"({"a":[1],"\udc00":1})"),
                  R"(: \udc00 is half of a surrogate pair, which no text holds)");
  CAF_CHECK_EQUAL(unheld(R"([18446744073709551615,-9223372036854775808,1e-999])"),
                  "none");
  auto longest = std::string(1000, '9');
  CAF_CHECK_LESS(unheld('"' + std::string(1000, 'x') + "\\udc00\"").size(), 100u);
  CAF_CHECK_LESS(unheld("{\"" + longest + "\":" + longest + "}").size(), 100u);
}

CAF_TEST(what simdjson decodes is what has no fault and no value that nothing holds) {
  std::minstd_rand random{7};
  auto any = [&](size_t n) { return static_cast<size_t>(random()) % n; };
  const auto pieces = "{}[]\",:\\\\u\"d8e0e+-.0123456789 \n\x01\x80\xc3\xff tfn"s;
  auto taken = 0;
  auto only_kept = 0;
  for (int round = 0; round < 60'000; ++round) {
    auto text = seeds[any(seeds.size())];
    for (auto changes = any(3); changes > 0 && !text.empty(); --changes) {
      auto at = any(text.size());
      switch (any(3)) {
        case 0:
          text[at] = pieces[any(pieces.size())];
          break;
        case 1:
          text.insert(at, 1, pieces[any(pieces.size())]);
          break;
        default:
          text.erase(at, 1);
      }
    }
    const auto kept = !json::find_fault(text, levels);
    const auto held = kept && !json::find_unheld(text, levels);
    if (json::is_held(text) != held)
      CAF_ERROR("simdjson is of another mind: " << text);
    taken += held;
    only_kept += kept && !held;
  }
  CAF_CHECK_GREATER(taken, 1'000);
  CAF_CHECK_GREATER(only_kept, 1'000);
}

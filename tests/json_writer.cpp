// JSON that goes out.
#define CAF_SUITE json_writer

#include "app/http/json_writer.hpp"

#include <cmath>
#include <limits>

#include <caf/test/dsl.hpp>

using sluice::http::json_writer;

namespace {

template <class T>
std::string print(const T& x) {
  return json_writer{}.value(x).take();
}

} // namespace

CAF_TEST(commas stand between members and elements and nowhere else) {
  json_writer json;
  json.open_object().member("a", 1).key("b").open_array();
  json.value(1).open_object().close_object().open_array().close_array().null();
  json.close_array().member("c", true).key("d").raw("[ ]").close_object();
  CAF_CHECK_EQUAL(json.take(), R"({"a":1,"b":[1,{},[],null],"c":true,"d":[ ]})");
}

CAF_TEST(what JSON cannot hold in a string is escaped) {
  CAF_CHECK_EQUAL(print("a\"b\\c\n\r\t\x01\x1f"), R"("a\"b\\c\n\r\t\u0001\u001f")");
  CAF_CHECK_EQUAL(print(std::string(1, '\0')), R"("\u0000")");
  CAF_CHECK_EQUAL(print("/\x7f"), "\"/\x7f\"");
  CAF_CHECK_EQUAL(json_writer{}.open_object().member("\"", 1).close_object().take(),
                  R"({"\"":1})");
}

CAF_TEST(Unicode stays as it is) {
  for (auto text : {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf",
                    "\xed\x9f\xbf", "\xee\x80\x80"})
    CAF_CHECK_EQUAL(print(text), std::string{"\""} + text + "\"");
}

CAF_TEST(bytes that are no Unicode are replaced one by one) {
  const std::string mark = "\xef\xbf\xbd";
  CAF_CHECK_EQUAL(print("a\xffz"), "\"a" + mark + "z\"");
  CAF_CHECK_EQUAL(print("\xc3"), "\"" + mark + "\"");
  CAF_MESSAGE("overlong forms, a surrogate, and what is past the last code point");
  CAF_CHECK_EQUAL(print("\xc0\x80"), "\"" + mark + mark + "\"");
  CAF_CHECK_EQUAL(print("\xe0\x80\x80"), "\"" + mark + mark + mark + "\"");
  CAF_CHECK_EQUAL(print("\xed\xa0\x80"), "\"" + mark + mark + mark + "\"");
  CAF_CHECK_EQUAL(print("\xf4\x90\x80\x80"), "\"" + mark + mark + mark + mark + "\"");
}

CAF_TEST(integers are exact at both ends) {
  CAF_CHECK_EQUAL(print(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  CAF_CHECK_EQUAL(print(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
}

CAF_TEST(doubles are the shortest text that reads back the same) {
  CAF_CHECK_EQUAL(print(0.1), "0.1");
  CAF_CHECK_EQUAL(print(2.0), "2");
  CAF_CHECK_EQUAL(print(1.0 / 3), "0.3333333333333333");
  CAF_CHECK_EQUAL(print(1e300), "1e+300");
}

CAF_TEST(what is not finite is null) {
  CAF_CHECK_EQUAL(print(std::nan("")), "null");
  CAF_CHECK_EQUAL(print(std::numeric_limits<double>::infinity()), "null");
}

CAF_TEST(what is appended takes its place among the others) {
  auto five = [](std::string& out) { out += '5'; };
  CAF_CHECK_EQUAL(
    json_writer{}.open_array().value(1).appended(five).value(2).close_array().take(),
    "[1,5,2]");
}

CAF_TEST(no point in time is null) {
  CAF_CHECK_EQUAL(json_writer{}.open_array().time(0).time(5).close_array().take(),
                  "[null,5]");
}

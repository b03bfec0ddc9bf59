// What a client may ask, and what it is told when it asks for something else.
#define CAF_SUITE json_ws_request
#include "actors/detail/json_ws_request.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

template <class T>
T read_as(const std::string& text) {
  auto request = json::read_ws_request(text);
  auto* what = caf::get_if<T>(&request.what);
  if (!what)
    CAF_FAIL("read as something else: " << text);
  return *what;
}

std::string refusal(const std::string& text) {
  return read_as<ws_mistake>(text).detail;
}

std::string id_of(const std::string& text) {
  return json::read_ws_request(text).id;
}

} // namespace

CAF_TEST(topics are names or names with what the client has) {
  auto what = read_as<ws_subscribe>(
    R"({"op":"subscribe","topics":["a",{"topic":"b","after":17,"epoch":"e"}],"id":1})");
  CAF_REQUIRE_EQUAL(what.topics.size(), 2u);
  CAF_CHECK_EQUAL(what.topics[0], (subscription{"a", {}, {}}));
  CAF_CHECK_EQUAL(what.topics[1], (subscription{"b", uint64_t{17}, "e"}));
}

CAF_TEST(data keeps its bytes) {
  auto what = read_as<publication>(
    R"({"op":"publish","topic":"a","data": {"x" : 1.50} ,"priority":"critical"})");
  CAF_CHECK_EQUAL(what.data, R"({"x" : 1.50})");
  CAF_CHECK_EQUAL(what.topic, "a");
  CAF_CHECK(what.critical);
}

CAF_TEST(data may be any value) {
  for (auto value : {"null", "false", "0", R"("")", "[]", R"({"data":1})"})
    CAF_CHECK_EQUAL(read_as<publication>(R"({"op":"publish","topic":"a","data":)"
                                         + std::string{value} + "}")
                      .data,
                    value);
}

CAF_TEST(data is never decoded) {
  for (auto value : {"1e999", "-0", "18446744073709552000", R"("\ud83d")",
                     R"({"\udc00":1,"a":1,"a":2})"})
    CAF_CHECK_EQUAL(read_as<publication>(R"({"id":1e999,"op":"publish","data": )"
                                         + std::string{value} + " ,\"topic\":\"a\"}")
                      .data,
                    value);
  CAF_CHECK_EQUAL(id_of(R"({"op":"flush","id":"\ud83d"})"), R"("\ud83d")");
  auto deep = std::string(256, '[') + std::string(256, ']');
  CAF_CHECK_EQUAL(
    read_as<publication>(R"({"op":"publish","topic":"a","data":)" + deep + "}").data,
    deep);
}

CAF_TEST(what is to be read has to be had) {
  CAF_CHECK_EQUAL(
    refusal(R"({"op":"subscribe","topics":["a","\ud83d"]})"),
    R"(topics[1]: \ud83d is half of a surrogate pair, which no text holds)");
  CAF_CHECK(refusal(R"({"op":"subscribe","topics":[{"topic":"a","after":1e999}]})")
              .starts_with("topics[0].after: 1e999"));
  CAF_CHECK(refusal(R"({"op":"publish","topic":"a","data":1,"data":2})")
              .starts_with("unknown or repeated member"));
  CAF_CHECK(refusal("{\"op\":\"flush\",\n}").ends_with("at line 2, column 1"));
}

CAF_TEST(unsubscribe and flush are read) {
  CAF_CHECK_EQUAL(
    read_as<ws_unsubscribe>(R"({"op":"unsubscribe","topics":["a"]})").topics,
    std::vector<std::string>{"a"});
  read_as<ws_flush>(R"({"op":"flush","id":"x"})");
}

CAF_TEST(an id is told as it was sent) {
  CAF_CHECK_EQUAL(id_of(R"({"op":"flush","id":1.50})"), "1.50");
  CAF_CHECK_EQUAL(id_of(R"({"op":"flush","id":"\u0041"})"), R"("\u0041")");
  CAF_CHECK_EQUAL(id_of(R"({"op":"flush"})"), "");
  CAF_CHECK_EQUAL(id_of(R"({"op":"nonsense","id":7})"), "7");
}

CAF_TEST(what is asked wrongly is told) {
  CAF_CHECK(refusal("{").find("JSON") != std::string::npos);
  CAF_CHECK(refusal("[]").find("object") != std::string::npos);
  CAF_CHECK(refusal("{}").find("op") != std::string::npos);
  CAF_CHECK(refusal(R"({"op":"dance"})").find("no op") != std::string::npos);
  CAF_CHECK(refusal(R"({"op":"flush","id":[1]})").find("id") != std::string::npos);
  CAF_CHECK(refusal(R"({"op":"flush","extra":1})").find("extra") != std::string::npos);
  CAF_CHECK(refusal(R"({"op":"publish","topic":"a"})").find("data") != std::string::npos);
  CAF_CHECK(refusal(R"({"op":"publish","topic":"../a","data":1})").find("name")
            != std::string::npos);
  CAF_CHECK(
    refusal(R"({"op":"publish","topic":"a","data":1,"priority":"high"})").find("priority")
    != std::string::npos);
  CAF_CHECK(refusal(R"({"op":"subscribe","topics":[]})").find("empty")
            != std::string::npos);
  CAF_CHECK(
    refusal(R"({"op":"subscribe","topics":[{"topic":"a","after":-1}]})").find("after")
    != std::string::npos);
}

CAF_TEST(an id that is too long is told) {
  CAF_CHECK(refusal(R"({"op":"flush","id":")" + std::string(200, 'x') + "\"}").find("128")
            != std::string::npos);
}

CAF_TEST(one request names so many topics and not one more) {
  std::string names = "\"a\"";
  for (size_t i = 1; i < json::request_names_max; ++i)
    names += ",\"a\"";
  const auto request = [&names](const char* op) {
    return std::string{R"({"op":")"} + op + R"(","topics":[)" + names + "]}";
  };
  CAF_CHECK_EQUAL(read_as<ws_subscribe>(request("subscribe")).topics.size(),
                  json::request_names_max);
  names += ",\"a\"";
  for (const auto* op : {"subscribe", "unsubscribe"}) {
    const auto told = read_as<ws_mistake>(request(op));
    CAF_CHECK_EQUAL(told.code, "too-large");
    CAF_CHECK(told.detail.find("10000") != std::string::npos);
  }
}

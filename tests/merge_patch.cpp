#define CAF_SUITE merge_patch

#include "actors/session/merge_patch.hpp"

#include "actors/detail/json_input.hpp"

#include "tests/fixture.hpp"

using sluice::merge_patch;
using namespace std::string_literals;

namespace {

std::string nested(size_t depth, const std::string& innermost) {
  std::string text;
  for (size_t i = 0; i < depth; ++i)
    text += "{\"a\":";
  return text + innermost + std::string(depth, '}');
}

} // namespace

CAF_TEST(every example of RFC 7396 comes out as printed there) {
  struct example {
    const char* target;
    const char* patch;
    const char* result;
  };
  for (auto [target, patch, result] : std::initializer_list<example>{
         {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
         {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
         {R"({"a":"b"})", R"({"a":null})", R"({})"},
         {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
         {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
         {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
         {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
         {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
         {R"(["a","b"])", R"(["c","d"])", R"(["c","d"])"},
         {R"({"a":"b"})", R"(["c"])", R"(["c"])"},
         {R"({"a":"foo"})", R"(null)", R"(null)"},
         {R"({"a":"foo"})", R"("bar")", R"("bar")"},
         {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
         {R"([1,2])", R"({"a":"b","c":null})", R"({"a":"b"})"},
         {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
       })
    CAF_CHECK_EQUAL(merge_patch(target, patch), result);
}

CAF_TEST(the longer example of RFC 7396 comes out as well) {
  CAF_CHECK_EQUAL(
    merge_patch(R"({"title":"Goodbye!","author":{"givenName":"John","familyName":"Doe"},)"
                R"("tags":["example","sample"],"content":"This will be unchanged"})",
                R"({"title":"Hello!","phoneNumber":"+01-123-456-7890",)"
                R"("author":{"familyName":null},"tags":["example"]})"),
    R"({"title":"Hello!","author":{"givenName":"John"},"tags":["example"],)"
    R"("content":"This will be unchanged","phoneNumber":"+01-123-456-7890"})");
}

CAF_TEST(untouched members keep their bytes) {
  CAF_CHECK_EQUAL(merge_patch("{ \"n\" : 1.50e+01 , \"s\\u0020\" : \"\\u00e9\\/\" ,"
                              " \"o\" : { \"x\" : [ 1 , 2 ] } , \"p\" : 0 }",
                              "{\"p\":-0.0}"),
                  "{\"n\":1.50e+01,\"s\\u0020\":\"\\u00e9\\/\","
                  "\"o\":{ \"x\" : [ 1 , 2 ] },\"p\":-0.0}");
}

CAF_TEST(half of a surrogate pair is a name like any other) {
  CAF_CHECK_EQUAL(merge_patch(R"({"\uD83D":1e999,"\ude00":2,"\ud83d\ude00":3})",
                              R"({"\ud83d":18446744073709552000})"),
                  R"({"\uD83D":18446744073709552000,"\ude00":2,"\ud83d\ude00":3})");
  CAF_CHECK_EQUAL(merge_patch(R"({"\ud83d":1,"\ud83d\u0041":2,"A":3})",
                              R"({"\ud83dA":null,"\udc00":{"\udc01":"\ud83d"}})"),
                  R"({"\ud83d":1,"A":3,"\udc00":{"\udc01":"\ud83d"}})");
  CAF_CHECK_EQUAL(merge_patch("{\"\xf0\x9f\x98\x80\":1}", R"({"\ud83d\ude00":2})"),
                  "{\"\xf0\x9f\x98\x80\":2}");
}

CAF_TEST(a new member keeps its bytes unless it has nulls to strip) {
  CAF_CHECK_EQUAL(merge_patch("{}", R"({"a":{ "b" : [ null ] }})"),
                  R"({"a":{ "b" : [ null ] }})");
  CAF_CHECK_EQUAL(merge_patch("{}", R"({"a":{ "b" : 1 , "c" : {"d":null} }})"),
                  R"({"a":{"b":1,"c":{}}})");
  CAF_CHECK_EQUAL(merge_patch("{}", R"({"a":1,"b":null})"), R"({"a":1})");
}

CAF_TEST(names are compared without their escapes) {
  CAF_CHECK_EQUAL(merge_patch(R"({"\u0061":1,"b":2})", R"({"a":3})"),
                  R"({"\u0061":3,"b":2})");
  CAF_CHECK_EQUAL(merge_patch(R"({"a/b":1})", R"({"a\/b":null})"), "{}");
  CAF_CHECK_EQUAL(merge_patch(R"({"😀":1,"é":1,"a\"b":1})",
                              R"({"\ud83d\ude00":2,"\u00E9":3,"a\u0022b":4})"),
                  R"({"😀":2,"é":3,"a\"b":4})");
  CAF_CHECK_EQUAL(merge_patch(R"({"\b\f\n\r\t\\":1})",
                              R"({"\u0008\u000c\u000a\u000d\u0009\u005c":null})"),
                  "{}");
}

CAF_TEST(of a name that stands twice the last one counts) {
  CAF_CHECK_EQUAL(merge_patch(R"({"a":1,"b":0,"\u0061":{"c":1}})", R"({"a":{"d":2}})"),
                  R"({"b":0,"\u0061":{"c":1,"d":2}})");
  CAF_CHECK_EQUAL(merge_patch(R"({"a":1,"b":0,"a":2})", R"({"a":null})"), R"({"b":0})");
  CAF_CHECK_EQUAL(merge_patch(R"({"a":1})", R"({"a":2,"a":null})"), "{}");
  CAF_CHECK_EQUAL(merge_patch(R"({"a":1})", R"({"a":null,"a":2})"), R"({"a":2})");
  CAF_CHECK_EQUAL(merge_patch("{}", R"({"a":{"b":1,"b":null}})"), R"({"a":{}})");
}

CAF_TEST(brackets and quotes inside strings end nothing) {
  CAF_CHECK_EQUAL(merge_patch(R"({"a":"}\"],{","b":["]}"],"c":1})", R"({"c":"{\\"})"),
                  R"({"a":"}\"],{","b":["]}"],"c":"{\\"})");
}

CAF_TEST(the deepest accepted documents merge at their innermost) {
  auto depth = sluice::json::depth_max;
  CAF_CHECK_EQUAL(merge_patch(nested(depth, "1"), nested(depth, "2")),
                  nested(depth, "2"));
  CAF_CHECK_EQUAL(merge_patch(nested(depth - 1, "{\"b\":1}"), nested(depth, "2")),
                  nested(depth - 1, "{\"b\":1,\"a\":2}"));
  CAF_CHECK_EQUAL(merge_patch("{}", nested(depth, "null")), nested(depth - 1, "{}"));
}

CAF_TEST(text that was never checked does no harm) {
  for (auto text : {"", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":{", R"({"a":")",
                    "{\"a\":[", "{\"\\u", "{\"\\", "{]", "{\"a\":1]}", "}", "\"\\"}) {
    merge_patch(text, R"({"a":{"b":1}})");
    merge_patch(R"({"a":{"b":1}})", text);
  }
}

CAF_TEST(a large document merges in linear time) {
  std::string target = "{";
  std::string patch = "{";
  for (int i = 0; i < 200'000; ++i) {
    target += "\"k" + std::to_string(i) + R"(":{"n":1},)";
    patch += "\"k" + std::to_string(i) + R"(":{"n":2},)";
  }
  target.back() = patch.back() = '}';
  auto before = std::chrono::steady_clock::now();
  CAF_CHECK_EQUAL(merge_patch(target, patch).size(), target.size());
  auto deep = nested(250, "[" + std::string(1'000'000, ' ') + "]");
  CAF_CHECK_EQUAL(merge_patch(deep, nested(250, "{}")).size(), nested(250, "{}").size());
  CAF_CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{10});
}

// Targets, names and parameters.
#define CAF_SUITE http_target

#include "app/http/target.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::http;

namespace {

using strings = std::vector<std::string>;

strings segments(std::string_view text) {
  auto x = parse_target(text);
  return x ? x->segments : strings{"refused"};
}

} // namespace

CAF_TEST(each segment is decoded by itself) {
  CAF_CHECK_EQUAL(segments("/v1/logs/app"), (strings{"v1", "logs", "app"}));
  CAF_CHECK_EQUAL(segments("/a%2Fb/c%20d"), (strings{"a/b", "c d"}));
  CAF_CHECK_EQUAL(segments("/a:1/b@c"), (strings{"a:1", "b@c"}));
  CAF_CHECK_EQUAL(segments("/a+b"), (strings{"a+b"}));
}

CAF_TEST(a slash at the end is an empty segment) {
  CAF_CHECK_EQUAL(segments("/v1/"), (strings{"v1", ""}));
}

CAF_TEST(what is no path is refused) {
  for (auto text : {"", "x", "**", "/%", "/%zz", "/a b", "/\x01", "/a?b=%zz", "/a?b=%",
                    "http:", "http://", "http:///a", "http://a@b/c", "https://[::1/a",
                    "ftp://a/b", "http//a/b", "http://a/b c"})
    CAF_CHECK(!parse_target(text));
}

CAF_TEST(a whole URL names its host and its path) {
  auto x = parse_target("HTTP://[::1]:3000/v1/a%2Fb?c=d");
  CAF_REQUIRE(x.engaged());
  CAF_CHECK_EQUAL(x->authority.value_or(""), "[::1]:3000");
  CAF_CHECK_EQUAL(x->segments, (strings{"v1", "a/b"}));
  CAF_CHECK_EQUAL(x->query.size(), 1u);
  CAF_CHECK_EQUAL(segments("https://a"), strings{});
  CAF_CHECK(!parse_target("/v1")->authority);
}

CAF_TEST(a whole URL without a host or with anything odd in it is malformed) {
  for (auto text : {"http:", "https:", "http:\xd5", "http:/", "http://", "http:?x",
                    "http://u@a/", "http://a/#x", "h", "", "mailto:", "http://a/\xd5"})
    CAF_CHECK(!parse_target(text));
  CAF_CHECK_EQUAL(parse_target("http://a?b=c")->query.size(), 1u);
}

CAF_TEST(a question mark alone asks for nothing) {
  CAF_CHECK(parse_target("/a?")->query.empty());
  CAF_CHECK_EQUAL(parse_target("/a?&")->query.size(), 2u);
}

CAF_TEST(parameters are decoded and a plus is a blank) {
  auto x = parse_target("/a?b=c%26d&e=f+g&h");
  CAF_REQUIRE(x.engaged());
  CAF_REQUIRE_EQUAL(x->query.size(), 3u);
  CAF_CHECK_EQUAL(x->query[0].value, "c&d");
  CAF_CHECK_EQUAL(x->query[1].value, "f g");
  CAF_CHECK_EQUAL(x->query[2].name, "h");
  CAF_CHECK_EQUAL(x->query[2].value, "");
}

CAF_TEST(names become file names so nothing in them means another place) {
  for (auto good : {"a", "_", "-x", "A.b-c_9", "0..1"})
    CAF_CHECK(!check_name(good));
  for (auto bad : {"", ".", "..", ".hidden", "a/b", "a b", "a%", "\xc3\xa4"})
    CAF_CHECK(check_name(bad));
  CAF_CHECK(!check_name(std::string(64, 'x')));
  CAF_CHECK(check_name(std::string(65, 'x')));
  CAF_CHECK(check_name(std::string_view{"a\0b", 3}));
}

CAF_TEST(a key is text without control characters) {
  for (auto good : {"a", "agent:main/whatsapp", "\xc3\xa4 \xf0\x9f\x98\x80", ".."})
    CAF_CHECK(!check_key(good));
  for (auto bad : {"", "a\nb", "\x7f", "\xff"})
    CAF_CHECK(check_key(bad));
  CAF_CHECK(check_key(std::string_view{"a\0b", 3}));
  CAF_CHECK(!check_key(std::string(512, 'k')));
  CAF_CHECK(check_key(std::string(513, 'k')));
}

CAF_TEST(a parameter may be given once) {
  std::vector<parameter> query{{"a", "1"}, {"b", "2"}, {"b", "2"}};
  query_reader reader{query};
  CAF_CHECK(reader.text("a")->has_value());
  CAF_CHECK(!reader.text("c")->has_value());
  CAF_CHECK(!reader.text("b"));
}

CAF_TEST(a number is whole and in its range) {
  // 0 stands for a refusal.
  auto read = [](const std::vector<parameter>& query) -> uint64_t {
    auto x = query_reader{query}.number("n", 7, 1, 10);
    return x ? *x : 0;
  };
  CAF_CHECK_EQUAL(read({}), 7u);
  CAF_CHECK_EQUAL(read({{"n", "1"}}), 1u);
  CAF_CHECK_EQUAL(read({{"n", "10"}}), 10u);
  for (auto bad : {"", "0", "11", "-1", "1.0", "1x", " 1", "99999999999999999999"})
    CAF_CHECK_EQUAL(read({{"n", bad}}), 0u);
}

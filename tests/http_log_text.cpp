// The lines of a request.
#define CAF_SUITE http_log_text

#include "app/http/log_text.hpp"
#include "messages/error.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace std::string_literals;
using sluice::http::invalid_lines;
using sluice::http::line_rules;
using sluice::http::rejected_told_max;
using sluice::http::to_lines;

namespace {

constexpr auto line_bytes_max = line_rules{}.bytes_max;
constexpr line_rules text_strictly{false, invalid_lines::refuse};
constexpr line_rules text_skipping{false, invalid_lines::skip};
constexpr line_rules ndjson{true, invalid_lines::refuse};
constexpr line_rules ndjson_skipping{true, invalid_lines::skip};

void check(std::string text, const std::string& lines, uint64_t count,
           const line_rules& rules = {}) {
  auto x = to_lines(std::move(text), rules);
  CAF_REQUIRE(x.engaged());
  CAF_CHECK_EQUAL(x->lines, lines);
  CAF_CHECK_EQUAL(x->count, count);
}

std::string refusal(std::string text, const line_rules& rules) {
  auto x = to_lines(std::move(text), rules);
  CAF_REQUIRE(!x);
  CAF_CHECK(code_of(x.error()) == ec::invalid_argument);
  return text_of(x.error());
}

void check_refused(std::string text, const std::string& words, const line_rules& rules) {
  const auto told = refusal(std::move(text), rules);
  CAF_CHECK(told.starts_with(words));
}

/// Whether the lines with these numbers were left out.
void check_skipped(std::string text, const std::string& lines,
                   const std::vector<uint64_t>& numbers, const line_rules& rules) {
  auto x = to_lines(std::move(text), rules);
  CAF_REQUIRE(x.engaged());
  CAF_CHECK_EQUAL(x->lines, lines);
  std::vector<uint64_t> found;
  for (const auto& each : x->rejected) {
    CAF_CHECK(!each.detail.empty());
    found.push_back(each.number);
  }
  CAF_CHECK_EQUAL(found, numbers);
}

} // namespace

CAF_TEST(lines end at LF and the last one gets its own) {
  check("a\nb\n", "a\nb\n", 2);
  check("a\nb", "a\nb\n", 2);
  check("\n\na\n\n", "\n\na\n\n", 4);
}

CAF_TEST(no text is no line) {
  check("", "", 0);
}

CAF_TEST(a CR goes only where a LF follows) {
  check("a\r\nb\r\n", "a\nb\n", 2);
  check("a\rb\r\r\nc", "a\rb\r\nc\n", 2);
  check("\r\n", "\n", 1);
  check("\r", "\n", 1);
}

CAF_TEST(text without CR is not copied) {
  std::string text(100'000, 'x');
  text += '\n';
  const auto* bytes = text.data();
  auto x = to_lines(std::move(text), {});
  CAF_REQUIRE(x.engaged());
  CAF_CHECK(x->lines.data() == bytes);
}

CAF_TEST(a line may be as long as the limit and not longer) {
  check(std::string(line_bytes_max, 'x') + "\n", std::string(line_bytes_max, 'x') + "\n",
        1);
  const auto longer = "a\n" + std::string(line_bytes_max + 1, 'x');
  check_refused(longer, "line 2: ", {});
  CAF_CHECK_NOT_EQUAL(refusal(longer, {}).find("log.max-line-bytes"), std::string::npos);
  line_rules short_lines{false, invalid_lines::skip, 3};
  check_skipped("abcd\nabc\r\nabcd", "abc\n", {1, 3}, short_lines);
}

CAF_TEST(bytes of text are kept whatever they are) {
  std::string bytes;
  for (int i = 0; i < 256; ++i)
    if (i != '\n')
      bytes += static_cast<char>(i);
  check(bytes, bytes + "\n", 1);
  check("caf\xe9\n\xff\xfe\0\n\xed\xa0\x80"s, "caf\xe9\n\xff\xfe\0\n\xed\xa0\x80\n"s, 3);
}

CAF_TEST(strict text names the line with NUL or bytes that are no Unicode) {
  check_refused("a\nb\0c\n"s, "line 2: it contains NUL, at byte 2", text_strictly);
  check_refused("good\n\nbad \xc3\n", "line 3: it is not valid UTF-8", text_strictly);
  check_refused("\xed\xa0\x80", "line 1: ", text_strictly);
  check("\xc3\xa4\r\n\n", "\xc3\xa4\n\n", 2, text_strictly);
  check_skipped("a\n\xff\nb\n\0\n\n"s, "a\nb\n\n", {2, 4}, text_skipping);
}

CAF_TEST(NDJSON is strict and names the line) {
  check("{\"a\":1}\n2\r\n\"x\"", "{\"a\":1}\n2\n\"x\"\n", 3, ndjson);
  check_refused("1\n{\n3\n", "line 2: ", ndjson);
  check_refused("1 2\n", "line 1: ", ndjson);
  check_refused("[1\n,2]\n", "line 1: ", ndjson);
  check_refused("1\n\"\xff\"\n", "line 2: ", ndjson);
}

CAF_TEST(a blank line of NDJSON is none but counts where lines are named) {
  check("\n1\n \t\n\r\n2\n\n", "1\n2\n", 2, ndjson);
  check("1\n\r", "1\n", 1, ndjson);
  check(" \n", "", 0, ndjson);
  check_refused("1\n\n\n{", "line 4: ", ndjson);
}

CAF_TEST(NDJSON that skips takes the good lines and tells of the others) {
  check_skipped("1\nno\n\n2\n{\n3", "1\n2\n3\n", {2, 5}, ndjson_skipping);
  check_skipped("no", "", {1}, ndjson_skipping);
  check_skipped("", "", {}, ndjson_skipping);
}

CAF_TEST(what is told of lines that were left out has a bound) {
  std::string text;
  for (size_t i = 0; i < rejected_told_max + 7; ++i)
    text += "no\n";
  auto x = to_lines(text + "1", ndjson_skipping);
  CAF_REQUIRE(x.engaged());
  CAF_CHECK_EQUAL(x->count, 1u);
  CAF_CHECK_EQUAL(x->rejected.size(), rejected_told_max);
  CAF_CHECK_EQUAL(x->rejected_more, 7u);
}

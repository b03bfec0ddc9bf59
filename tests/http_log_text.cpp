// The lines of a request.
#define CAF_SUITE http_log_text

#include "app/http/log_text.hpp"
#include "messages/error.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;
using sluice::http::line_bytes_max;
using sluice::http::to_lines;

namespace {

void check(std::string text, const std::string& lines, uint64_t count) {
  auto x = to_lines(std::move(text));
  CAF_REQUIRE(x.engaged());
  CAF_CHECK_EQUAL(x->lines, lines);
  CAF_CHECK_EQUAL(x->count, count);
}

void check_refused(std::string text) {
  auto x = to_lines(std::move(text));
  CAF_REQUIRE(!x);
  CAF_CHECK(code_of(x.error()) == ec::invalid_argument);
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
  auto x = to_lines(std::move(text));
  CAF_REQUIRE(x.engaged());
  CAF_CHECK(x->lines.data() == bytes);
}

CAF_TEST(a line may be as long as the limit and not longer) {
  check(std::string(line_bytes_max, 'x') + "\n", std::string(line_bytes_max, 'x') + "\n",
        1);
  check_refused("a\n" + std::string(line_bytes_max + 1, 'x'));
}

CAF_TEST(NUL and bytes that are no Unicode refuse the whole text) {
  check_refused(std::string("a\nb\0c\n", 6));
  check_refused("good\nbad \xc3\n");
  check_refused("\xed\xa0\x80");
  check("\xc3\xa4\n", "\xc3\xa4\n", 1);
}

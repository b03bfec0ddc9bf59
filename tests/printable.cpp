// What becomes of text that others chose when it is printed.
#define CAF_SUITE printable

#include "app/printable.hpp"

#include <string>

#include <caf/test/dsl.hpp>

using namespace sluice;

CAF_TEST(plain text in any script stays as it is) {
  for (const auto* text :
       {"", "a line, with \"quotes\" and 100 %", "naïve 日本 🦀 é́", "~"})
    CAF_CHECK_EQUAL(printable(text), text);
}

CAF_TEST(one line stays one line and can be read back) {
  CAF_CHECK_EQUAL(printable("a\nb\r\tc\\n"), R"(a\nb\r\tc\\n)");
  CAF_CHECK_EQUAL(printable(std::string{"\0\x1b[2J\x7f", 6}), R"(\x00\x1b[2J\u007f)");
}

CAF_TEST(characters past ASCII that control are spelled out) {
  CAF_CHECK_EQUAL(printable("\xc2\x9b"
                            "2J\xc2\x85|\xc2\xa0"),
                  "\\u009b2J\\u0085|\xc2\xa0");
  CAF_CHECK_EQUAL(printable("a\xe2\x80\xa8"
                            "b\xe2\x80\xa9"),
                  R"(a\u2028b\u2029)");
  CAF_CHECK_EQUAL(printable("\xe2\x80\xae\xe2\x81\xa6\xd8\x9c\xef\xbb\xbf"),
                  R"(\u202e\u2066\u061c\ufeff)");
}

CAF_TEST(bytes that are no UTF - 8 are spelled out one by one) {
  CAF_CHECK_EQUAL(printable("\x9b"
                            "2J\xc3(\xe2\x80"),
                  R"(\x9b2J\xc3(\xe2\x80)");
  CAF_CHECK_EQUAL(printable("\xed\xa0\x80"), R"(\xed\xa0\x80)");
}

CAF_TEST(text of our own keeps its lines and JSON stays JSON) {
  CAF_CHECK_EQUAL(printable_text("a\n{\"x\":\"\\n\xc2\x9b\x7f\"}\n"),
                  "a\n{\"x\":\"\\n\\u009b\\u007f\"}\n");
  CAF_CHECK_EQUAL(printable_text("\x1b[2J\r\n"), "\\x1b[2J\\r\n");
}

CAF_TEST(an appended line has one end) {
  std::string text;
  append_line(text, "{} and {}", "one\ntwo", 3);
  CAF_CHECK_EQUAL(text, "one\\ntwo and 3\n");
}

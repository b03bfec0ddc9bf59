// The promises of the bound on lines of a kind.
#define CAF_SUITE line_limits

#include "app/line_limits.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

using time_point = line_limits::clock::time_point;

constexpr time_point start{1h};

std::string count_line(std::string_view kind, uint64_t lines) {
  return std::string{kind} + " x" + std::to_string(lines) + ";";
}

struct fixture {
  /// Offers so many lines; returns what was let through.
  std::string offer(const std::string& kind, uint64_t lines, time_point now) {
    std::string result;
    for (uint64_t i = 0; i < lines; ++i)
      result += aut.pass(kind, "l;", now);
    return result;
  }

  line_limits aut{count_line};
};

uint64_t lines_in(const std::string& text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), ';'));
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(line_limits_tests, fixture)

CAF_TEST(a few lines pass at once and the next does not ) {
  CAF_CHECK_EQUAL(lines_in(offer("a", line_limits::at_once_max, start)),
                  line_limits::at_once_max);
  CAF_CHECK_EQUAL(offer("a", 1, start), "");
  CAF_CHECK_EQUAL(aut.held_back(), 1u);
}

CAF_TEST(a flood of one kind hides no other) {
  offer("a", 1000, start);
  CAF_CHECK_EQUAL(offer("b", 1, start), "l;");
}

CAF_TEST(one more a second passes behind the number of those that did not ) {
  offer("a", line_limits::at_once_max + 5, start);
  CAF_CHECK_EQUAL(offer("a", 1, start + line_limits::interval - 1ns), "");
  CAF_CHECK_EQUAL(offer("a", 1, start + line_limits::interval), "a x6;l;");
  CAF_CHECK_EQUAL(offer("a", 1, start + line_limits::interval), "");
}

CAF_TEST(who was quiet for long may say as much at once as before and no more) {
  offer("a", line_limits::at_once_max, start);
  CAF_CHECK_EQUAL(lines_in(offer("a", 1000, start + 24h)), line_limits::at_once_max);
}

CAF_TEST(what was held back is told once as a number) {
  offer("a", line_limits::at_once_max + 3, start);
  offer("b", line_limits::at_once_max + 4, start);
  CAF_CHECK_EQUAL(aut.rest(), "a x3;b x4;");
  CAF_CHECK_EQUAL(aut.rest(), "");
  CAF_CHECK_EQUAL(aut.held_back(), 7u);
}

CAF_TEST(kinds without end take no memory without end) {
  std::string all;
  for (int i = 0; i < 10'000; ++i)
    all += offer("kind" + std::to_string(i), 1, start);
  CAF_CHECK_LESS(lines_in(all), 400u);
  CAF_CHECK_EQUAL(aut.held_back() + lines_in(all), 10'000u);
}

CAF_TEST_FIXTURE_SCOPE_END()

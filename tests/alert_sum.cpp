// Alerts that are alike: a few are told, and all are counted.
#define CAF_SUITE alert_sum

#include "actors/detail/alert_sum.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::detail;

namespace {

status_report report_of(const std::string& id, size_t alerts, const std::string& text) {
  status_report result;
  for (size_t i = 0; i < alerts; ++i)
    result.alerts.push_back({id, text + std::to_string(i), 1});
  return result;
}

uint64_t count_of(const std::vector<status_report>& all, const std::string& id) {
  uint64_t result = 0;
  for (const auto& report : all)
    for (const auto& x : report.alerts)
      result += x.id == id ? x.count : 0;
  return result;
}

size_t bytes_of(const std::vector<status_report>& all) {
  size_t result = 0;
  for (const auto& report : all)
    for (const auto& x : report.alerts)
      result += words_of(x).size();
  return result;
}

} // namespace

CAF_TEST(of many alerts of a kind a few stay and the last tells of the others) {
  std::vector<status_report> all{report_of("a", 3, "x"), report_of("a", 500, "y"),
                                 report_of("b", 1, "z")};
  sum_up_alerts(all);
  CAF_CHECK_EQUAL(count_of(all, "a"), 503u);
  CAF_CHECK_EQUAL(count_of(all, "b"), 1u);
  CAF_REQUIRE_EQUAL(all[1].alerts.size(), 1u);
  CAF_CHECK_EQUAL(words_of(all[1].alerts[0]), "y0; and 499 more like this");
  CAF_CHECK_EQUAL(words_of(all[0].alerts[0]), "x0");
}

CAF_TEST(what was summed up can be summed up again) {
  std::vector<status_report> all{report_of("a", 100, "x"), report_of("a", 100, "y")};
  for (auto& each : all)
    sum_up_alerts(each);
  CAF_CHECK_EQUAL(count_of(all, "a"), 200u);
  sum_up_alerts(all);
  sum_up_alerts(all);
  CAF_CHECK_EQUAL(count_of(all, "a"), 200u);
}

CAF_TEST(however many kinds and however long their words it is some kilobytes) {
  std::vector<status_report> all;
  for (int kind = 0; kind < 60; ++kind)
    all.push_back(report_of("kind" + std::to_string(kind), 200, std::string(5'000, 'x')));
  sum_up_alerts(all);
  CAF_CHECK_LESS(bytes_of(all), 50'000u);
  for (int kind = 0; kind < 60; ++kind)
    CAF_CHECK_EQUAL(count_of(all, "kind" + std::to_string(kind)), 200u);
}

CAF_TEST(a text is not cut within a character) {
  std::string text{"a\xc3\xa4"};
  shorten(text, 2);
  CAF_CHECK_EQUAL(text, "a");
  text = "abc";
  shorten(text, 3);
  CAF_CHECK_EQUAL(text, "abc");
}

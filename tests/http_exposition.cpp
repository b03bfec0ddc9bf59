// The series of /metrics: bounded, and none falls.
#define CAF_SUITE http_exposition

#include "app/http/exposition.hpp"

#include <string>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::http;

namespace {

exposed with_logs(uint64_t count) {
  exposed result;
  result.names_max = 3;
  for (uint64_t i = 0; i < count; ++i)
    result.ledger.entries.push_back({"log", "l" + std::to_string(i), {1}, i});
  return result;
}

std::string series(const std::string& name, uint64_t value) {
  return R"(sluice_ledger_requests_total{subsystem="log",name=")" + name + "\"} "
         + std::to_string(value) + '\n';
}

bool has(const std::string& text, const std::string& line) {
  return text.find(line) != std::string::npos;
}

} // namespace

CAF_TEST(so many logs have series of their own and the others one) {
  const auto text = exposition(with_logs(7));
  for (const auto* name : {"l0", "l1", "l2"})
    CAF_CHECK(has(text, series(name, 1)));
  CAF_CHECK(has(text, series("(others)", 4)));
  CAF_CHECK(!has(text, series("l3", 1)));
}

CAF_TEST(as many as may have their own leave no others) {
  const auto text = exposition(with_logs(3));
  CAF_CHECK(has(text, series("l2", 1)));
  CAF_CHECK(!has(text, "(others)"));
}

CAF_TEST(what the ledger itself sums is among the others) {
  auto all = with_logs(4);
  all.ledger.entries.insert(all.ledger.entries.begin(), {"log", "(others)", {10}, 0});
  CAF_CHECK(has(exposition(all), series("(others)", 11)));
}

CAF_TEST(many alerts of a kind count as many) {
  exposed all;
  all.survey.push_back({});
  all.survey.back().alerts = {{"a", "x", 1}, {"a", "y", 1, 99}};
  CAF_CHECK(has(exposition(all), "sluice_alerts{alert=\"a\"} 100\n"));
}

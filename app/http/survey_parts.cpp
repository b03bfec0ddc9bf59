#include "app/http/survey_parts.hpp"

#include "actors/detail/alert_sum.hpp"

#include <algorithm>

namespace sluice::http {

std::map<std::string, check> checks_of(const survey_reports& survey) {
  std::map<std::string, check> result;
  for (const auto& report : survey)
    for (const auto& x : report.checks) {
      auto [known, is_new] = result.emplace(x.name, x);
      if (!is_new && known->second.ok && !x.ok)
        known->second = x;
    }
  return result;
}

bool all_ok(const std::map<std::string, check>& checks) {
  return std::all_of(checks.begin(), checks.end(),
                     [](const auto& x) { return x.second.ok; });
}

void write_checks(json_writer& json, const std::map<std::string, check>& checks) {
  json.key("checks").open_object();
  for (const auto& [name, x] : checks)
    json.key(name)
      .open_object()
      .member("ok", x.ok)
      .member("detail", x.detail)
      .close_object();
  json.close_object();
}

uint64_t write_alerts(json_writer& json, const survey_reports& survey) {
  uint64_t count = 0;
  json.key("alerts").open_array();
  for (const auto& report : survey)
    for (const auto& x : report.alerts) {
      count += x.count;
      json.open_object()
        .member("id", x.id)
        .member("text", detail::words_of(x))
        .member("count", x.count)
        .key("since")
        .time(x.since_ms)
        .member("actor", report.name);
      if (!report.key.empty())
        json.member("key", report.key);
      json.close_object();
    }
  json.close_array();
  return count;
}

void write_troubles(json_writer& json, const survey_reports& survey) {
  std::map<std::string, uint64_t> times;
  for (const auto& report : survey)
    for (const auto& x : report.troubles)
      times[x.id] += x.times;
  json.key("troubles").open_object();
  for (const auto& [id, count] : times)
    json.member(id, count);
  json.close_object();
}

void write_spool(json_writer& json, const survey_reports& survey) {
  for (const auto& report : survey) {
    if (report.name != "spool-keeper")
      continue;
    json.key("spool").open_object();
    for (const auto& x : report.state)
      caf::visit([&](const auto& value) { json.member(x.name, value); }, x.value);
    json.close_object();
  }
}

} // namespace sluice::http

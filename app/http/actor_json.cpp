#include "app/http/actor_json.hpp"

#include <map>

namespace sluice::http {

namespace {

double to_us(uint64_t ns) {
  return static_cast<double>(ns) / 1000;
}

json_writer& write_text_or_null(json_writer& json, const std::string& text) {
  return text.empty() ? json.null() : json.value(text);
}

void write_state(json_writer& json, const status_report* told) {
  json.key("state").open_object();
  if (told) {
    json.member("heldBytes", told->held_bytes);
    for (const auto& each : told->state)
      caf::visit([&](const auto& x) { json.member(each.name, x); }, each.value);
  }
  json.close_object();
}

void write_actor(json_writer& json, const actor_entry& x, const status_report* told) {
  json.open_object().member("name", x.name);
  write_text_or_null(json.key("key"), x.key);
  json.member("id", x.id)
    .member("parent", x.parent)
    .member("startedAt", x.started_ms)
    .member("mailbox", x.mailbox)
    .member("handled", x.handled)
    .member("skipped", x.skipped)
    .member("handledPerSec", x.handled_per_second)
    .member("busyPercent", x.busy_percent)
    .member("p50Us", to_us(x.p50_ns))
    .member("p99Us", to_us(x.p99_ns))
    .member("maxUs", to_us(x.max_ns))
    .member("runningMs", x.running_ms)
    .member("oldestMs", x.oldest_ms)
    .member("restarts", x.restarts);
  write_text_or_null(json.key("lastError"), x.last_error);
  write_state(json, told);
  json.close_object();
}

} // namespace

std::string actors_json(const std::vector<actor_entry>& all,
                        const survey_reports& states) {
  std::map<uint64_t, const status_report*> told;
  for (const auto& report : states)
    told.emplace(report.id, &report);
  json_writer json;
  json.open_array();
  for (const auto& each : all) {
    auto found = told.find(each.id);
    write_actor(json, each, found == told.end() ? nullptr : found->second);
  }
  return json.close_array().take();
}

} // namespace sluice::http

// The actors, by their meters, each with its own state beside it if it tells in time.

#include "app/http/answers.hpp"
#include "app/http/problem.hpp"
#include "app/http/router.hpp"
#include "app/http/survey_parts.hpp"

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
    for (const auto& [name, value] : told->state)
      caf::visit([&](const auto& x) { json.member(name, x); }, value);
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

void reply_actors(const edge& e, exchange& x, const std::vector<actor_entry>& all,
                  const survey_reports& survey) {
  std::map<uint64_t, const status_report*> told;
  for (const auto& report : survey)
    told.emplace(report.id, &report);
  json_writer json;
  json.open_array();
  for (const auto& each : all) {
    auto found = told.find(each.id);
    write_actor(json, each, found == told.end() ? nullptr : found->second);
  }
  x.reply(reply_text(e, json.close_array().take()));
}

/// The meters are read last: they show what the actors are at now.
void list(edge& e, const exchange_ptr& x, const survey_reports& survey) {
  e.request(e.actors().actors.directory, telling_time_max, atom::actors_v)
    .then([&e, x, survey](
            const std::vector<actor_entry>& all) { reply_actors(e, *x, all, survey); },
          refuse(x));
}

void get_actors(edge& e, const exchange_ptr& x) {
  const auto wanted = query_reader{x->in.query}.flag("state", true);
  if (!wanted)
    return x->refuse(wanted.error());
  if (!*wanted)
    return list(e, x, {});
  e.request(e.actors().supervisor, telling_time_max, atom::survey_v)
    .then([&e, x](const survey_reports& survey) { list(e, x, survey); },
          // Without their states, then.
          [&e, x](const caf::error&) { list(e, x, {}); });
}

} // namespace

std::span<const route> actor_routes() {
  using enum verb;
  static constexpr route rows[] = {
    {get, "/v1/actors", body_kind::none, get_actors},
  };
  return rows;
}

} // namespace sluice::http

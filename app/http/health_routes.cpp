// How the service is, what it did, and how it is set up.
#include "app/http/answers.hpp"
#include "app/http/ledger_json.hpp"
#include "app/http/metrics_json.hpp"
#include "app/http/problem.hpp"
#include "app/http/rates.hpp"
#include "app/http/router.hpp"
#include "app/http/survey_parts.hpp"

namespace sluice::http {

namespace {

const metrics_aggregator_actor& metrics(const edge& e) {
  return e.actors().actors.metrics;
}

// -- health -----------------------------------------------------------------------------

void reply_unavailable(edge& e, exchange& x, const caf::error& why) {
  json_writer json;
  json.open_object()
    .member("status", "unavailable")
    .member("uptimeMs", e.uptime_ms())
    .member("detail", text_of(why))
    .close_object();
  x.reply({503, json.take()});
}

void on_totals(edge& e, exchange& x, const survey_reports& survey,
               const metrics_totals& totals) {
  answer what{200, health_json(survey, totals, e.uptime_ms())};
  what.on_room = claim::kept_back;
  x.reply(std::move(what));
}

void on_survey(edge& e, const exchange_ptr& x, const survey_reports& survey) {
  e.request(metrics(e), telling_time_max, atom::totals_v)
    .then(
      [&e, x, survey](const metrics_totals& totals) { on_totals(e, *x, survey, totals); },
      [&e, x](const caf::error& why) { reply_unavailable(e, *x, why); });
}

void get_health(edge& e, const exchange_ptr& x) {
  e.request(e.actors().supervisor, telling_time_max, atom::survey_v)
    .then([&e, x](const survey_reports& survey) { on_survey(e, x, survey); },
          [&e, x](const caf::error& why) { reply_unavailable(e, *x, why); });
}

void get_live(edge& e, const exchange_ptr& x) {
  e.tell_liveness(x);
}

void get_ready(edge& e, const exchange_ptr& x) {
  e.request(e.actors().supervisor, telling_time_max, atom::survey_v)
    .then(
      [x](const survey_reports& survey) {
        const auto checks = checks_of(survey);
        const auto ready = all_ok(checks);
        json_writer json;
        json.open_object().member("status", ready ? "ok" : "unavailable");
        write_checks(json, checks);
        answer what{ready ? 200u : 503u, json.close_object().take()};
        what.on_room = claim::kept_back;
        x->reply(std::move(what));
      },
      [&e, x](const caf::error& why) { reply_unavailable(e, *x, why); });
}

/// What only a person can end; the next to look need not be told of it.
void post_acknowledgement(edge& e, const exchange_ptr& x) {
  const auto& id = x->in.captures[0];
  if (auto err = check_name(id))
    return x->refuse(err);
  e.request(e.actors().supervisor, telling_time_max, atom::confirm_v, id)
    .then(
      [x, id](bool) {
        json_writer json;
        json.open_object().member("acknowledged", std::string_view{id}).close_object();
        x->reply({200, json.take()});
      },
      refuse(x));
}

// -- windows ----------------------------------------------------------------------------

void get_snapshot(edge& e, const exchange_ptr& x) {
  e.request(metrics(e), telling_time_max, atom::snapshot_v)
    .then(
      [x](const metrics_window& window) {
        x->reply({200, window_json(window)});
      },
      refuse(x));
}

void get_history(edge& e, const exchange_ptr& x) {
  e.request(metrics(e), telling_time_max, atom::history_v)
    .then(
      [&e, x](const std::vector<metrics_window>& windows) {
        x->reply(reply_text(e, windows_json(windows)));
      },
      refuse(x));
}

void get_aggregate(edge& e, const exchange_ptr& x) {
  e.request(metrics(e), telling_time_max, atom::history_v)
    .then(
      [x](const std::vector<metrics_window>& windows) {
        const auto rates = aggregate(windows);
        json_writer json;
        json.open_object()
          .member("totalWindows", rates.windows)
          .member("avgDiskWriteMBPerMin", rates.avg_disk_write_mb_per_min)
          .member("maxDiskWriteMBPerMin", rates.max_disk_write_mb_per_min)
          .member("avgNetworkMbps", rates.avg_network_mbps)
          .member("maxNetworkMbps", rates.max_network_mbps)
          .member("avgCacheHitRate", rates.avg_cache_hit_rate)
          .close_object();
        x->reply({200, json.take()});
      },
      refuse(x));
}

void get_ledger(edge& e, const exchange_ptr& x) {
  e.request(metrics(e), telling_time_max, atom::ledger_v)
    .then(
      [&e, x](const ledger_report& all) { x->reply(reply_text(e, ledger_json(all))); },
      refuse(x));
}

void get_config(edge& e, const exchange_ptr& x) {
  e.request(e.actors().settings, telling_time_max, atom::dump_v)
    .then(
      [x](const std::string& json) {
        x->reply({200, json});
      },
      refuse(x));
}

} // namespace

std::span<const route> health_routes() {
  using enum verb;
  static constexpr route rows[] = {
    shared({get, "/health", body_kind::none, get_health, {}, false, false, true}),
    shared({get, "/health/live", body_kind::none, get_live, {}, true, false, true}),
    shared({get, "/health/ready", body_kind::none, get_ready, {}, false, false, true}),
    {post, "/v1/alerts/{}/acknowledge", body_kind::none, post_acknowledgement},
    shared({get, "/v1/metrics/snapshot", body_kind::none, get_snapshot}),
    shared({get, "/v1/metrics/history", body_kind::none, get_history}),
    shared({get, "/v1/metrics/aggregate", body_kind::none, get_aggregate}),
    shared({get, "/v1/ledger", body_kind::none, get_ledger}),
    shared({get, "/v1/config", body_kind::none, get_config}),
  };
  return rows;
}

} // namespace sluice::http

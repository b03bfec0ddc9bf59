// How the service is, what it did, and how it is set up.
#include "app/http/answers.hpp"
#include "app/http/problem.hpp"
#include "app/http/rates.hpp"
#include "app/http/router.hpp"
#include "app/http/survey_parts.hpp"

namespace sluice::http {

namespace {

const metrics_aggregator_actor& metrics(const edge& e) {
  return e.actors().actors.metrics;
}

// -- numbers ----------------------------------------------------------------------------

void write_io_metrics(json_writer& json, const metrics_totals& x) {
  const auto rates = rates_of(x.rate_window);
  const auto& total = x.total;
  json.key("ioMetrics").open_object();
  json.key("disk")
    .open_object()
    .member("writesPerMin", rates.disk_writes_per_min)
    .member("readsPerMin", rates.disk_reads_per_min)
    .member("writeMBPerMin", rates.disk_write_mb_per_min)
    .close_object();
  json.key("network")
    .open_object()
    .member("totalMB", to_mb(total.network_sent + total.network_received))
    .member("mbps", rates.network_mbps)
    .close_object();
  json.key("database")
    .open_object()
    .member("queriesPerSec", rates.queries_per_sec)
    .member("transactionsPerSec", rates.transactions_per_sec)
    .close_object();
  json.key("cache").open_object().member("hitRate", rates.cache_hit_rate).close_object();
  json.key("logging")
    .open_object()
    .member("totalWrites", total.log_writes)
    .member("totalBytesWritten", total.log_bytes_written)
    .member("bufferSize",
            total.log_lines_accepted - total.log_lines_written - total.log_lines_dropped)
    .close_object();
  json.key("sessionStore")
    .open_object()
    .member("totalCoalesced", total.session_coalesced)
    .member("totalWrites", total.session_writes)
    .member("reductionPercent", percent(total.session_coalesced,
                                        total.session_coalesced + total.session_writes))
    .close_object()
    .close_object();
}

void write_process(json_writer& json, const process_io& x) {
  json.key("process")
    .open_object()
    .member("readCalls", x.read_calls)
    .member("writeCalls", x.write_calls)
    .member("readChars", x.read_chars)
    .member("writeChars", x.write_chars)
    .member("deviceReadBytes", x.device_read_bytes)
    .member("deviceWriteBytes", x.device_write_bytes)
    .close_object();
}

void write_window(json_writer& json, const metrics_window& x) {
  const auto rates = rates_of(x);
  const auto& n = x.counts;
  const auto to_ms = [](int64_t ns) { return ns / 1'000'000; };
  json.open_object().key("window").open_object();
  json.key("startTime").time(x.start_ms).key("endTime").time(x.end_ms);
  json.member("durationMs", to_ms(x.duration_ns)).close_object();
  json.key("disk")
    .open_object()
    .member("writes", n.disk.writes)
    .member("reads", n.disk.reads)
    .member("writeMB", to_mb(n.disk.write_bytes))
    .member("readMB", to_mb(n.disk.read_bytes))
    .member("writesPerMin", rates.disk_writes_per_min)
    .member("readsPerMin", rates.disk_reads_per_min)
    .member("writeMBPerMin", rates.disk_write_mb_per_min)
    .close_object();
  json.key("network")
    .open_object()
    .member("sent", n.network_sent)
    .member("received", n.network_received)
    .member("sentMB", to_mb(n.network_sent))
    .member("receivedMB", to_mb(n.network_received))
    .member("totalMB", to_mb(n.network_sent + n.network_received))
    .member("mbps", rates.network_mbps)
    .close_object();
  json.key("database")
    .open_object()
    .member("queries", n.queries)
    .member("transactions", n.transactions)
    .member("queriesPerSec", rates.queries_per_sec)
    .member("transactionsPerSec", rates.transactions_per_sec)
    .close_object();
  json.key("cache")
    .open_object()
    .member("hits", n.cache_hits)
    .member("misses", n.cache_misses)
    .member("hitRate", rates.cache_hit_rate)
    .close_object()
    .close_object();
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
  const auto checks = checks_of(survey);
  json_writer parts;
  parts.open_object();
  write_io_metrics(parts, totals);
  const auto alerts = write_alerts(parts, survey);
  write_checks(parts, checks);
  write_troubles(parts, survey);
  write_spool(parts, survey);
  write_process(parts, totals.kernel);
  const auto sound = alerts == 0 && all_ok(checks);
  parts.member("status", sound ? "ok" : "degraded").member("uptimeMs", e.uptime_ms());
  x.reply({200, parts.close_object().take()});
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

void get_live(edge&, const exchange_ptr& x) {
  x->reply({200, R"({"status":"ok"})"});
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
        x->reply({ready ? 200u : 503u, json.close_object().take()});
      },
      [&e, x](const caf::error& why) { reply_unavailable(e, *x, why); });
}

// -- windows ----------------------------------------------------------------------------

void get_snapshot(edge& e, const exchange_ptr& x) {
  e.request(metrics(e), telling_time_max, atom::snapshot_v)
    .then(
      [x](const metrics_window& window) {
        json_writer json;
        write_window(json, window);
        x->reply({200, json.take()});
      },
      refuse(x));
}

void get_history(edge& e, const exchange_ptr& x) {
  e.request(metrics(e), telling_time_max, atom::history_v)
    .then(
      [&e, x](const std::vector<metrics_window>& windows) {
        json_writer json;
        json.open_array();
        for (const auto& window : windows)
          write_window(json, window);
        x->reply(reply_text(e, json.close_array().take()));
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

void get_config(edge& e, const exchange_ptr& x) {
  x->reply({200, e.actors().config_json});
}

} // namespace

std::span<const route> health_routes() {
  using enum verb;
  static constexpr route rows[] = {
    {get, "/health", body_kind::none, get_health},
    {get, "/health/live", body_kind::none, get_live, true},
    {get, "/health/ready", body_kind::none, get_ready},
    {get, "/v1/metrics/snapshot", body_kind::none, get_snapshot},
    {get, "/v1/metrics/history", body_kind::none, get_history},
    {get, "/v1/metrics/aggregate", body_kind::none, get_aggregate},
    {get, "/v1/config", body_kind::none, get_config},
  };
  return rows;
}

} // namespace sluice::http

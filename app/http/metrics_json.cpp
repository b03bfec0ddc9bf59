#include "app/http/metrics_json.hpp"

#include "app/http/rates.hpp"

namespace sluice::http {

namespace {

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
    .member("bufferSize", x.log_lines_held)
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

} // namespace

void write_health(json_writer& json, const survey_reports& survey,
                  const metrics_totals& totals, int64_t uptime_ms) {
  const auto checks = checks_of(survey);
  write_io_metrics(json, totals);
  const auto alerts = write_alerts(json, survey);
  write_checks(json, checks);
  write_troubles(json, survey);
  write_spool(json, survey);
  write_process(json, totals.kernel);
  const auto sound = alerts == 0 && all_ok(checks);
  json.member("status", sound ? "ok" : "degraded").member("uptimeMs", uptime_ms);
}

std::string health_json(const survey_reports& survey, const metrics_totals& totals,
                        int64_t uptime_ms) {
  json_writer json;
  json.open_object();
  write_health(json, survey, totals, uptime_ms);
  return json.close_object().take();
}

std::string window_json(const metrics_window& window) {
  json_writer json;
  write_window(json, window);
  return json.take();
}

std::string windows_json(const std::vector<metrics_window>& windows) {
  json_writer json;
  json.open_array();
  for (const auto& each : windows)
    write_window(json, each);
  return json.close_array().take();
}

} // namespace sluice::http

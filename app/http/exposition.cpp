#include "app/http/exposition.hpp"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <map>
#include <sstream>
#include <string_view>
#include <utility>

namespace sluice::http {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using families = std::vector<MetricFamily>;
using labels = std::vector<ClientMetric::Label>;

constexpr double ms_per_second = 1e3;
constexpr double ns_per_second = 1e9;

/// Finer times than this differ by what the meters cost.
constexpr size_t first_bucket = 9;
/// One bucket in so many is told: each four times as long as the one before.
constexpr size_t bucket_step = 2;

ClientMetric counted(double value, labels of = {}) {
  ClientMetric result;
  result.label = std::move(of);
  result.counter.value = value;
  return result;
}

ClientMetric gauged(double value, labels of = {}) {
  ClientMetric result;
  result.label = std::move(of);
  result.gauge.value = value;
  return result;
}

void add(families& to, std::string name, std::string help, MetricType type,
         std::vector<ClientMetric> metrics) {
  to.push_back({"sluice_" + std::move(name), std::move(help), type, std::move(metrics)});
}

void counter(families& to, std::string name, std::string help, uint64_t value) {
  add(to, std::move(name), std::move(help), MetricType::Counter,
      {counted(static_cast<double>(value))});
}

// -- what was done ----------------------------------------------------------------------

void add_disk(families& to, const io_counts& disk) {
  counter(to, "disk_writes_total", "Write calls on files of the data directory.",
          disk.writes);
  counter(to, "disk_written_bytes_total", "Bytes of these.", disk.write_bytes);
  counter(to, "disk_reads_total", "Read calls on files of the data directory.",
          disk.reads);
  counter(to, "disk_read_bytes_total", "Bytes of these.", disk.read_bytes);
  counter(to, "disk_syncs_total", "Syncs of files of the data directory.", disk.syncs);
}

void add_process(families& to, const process_io& kernel) {
  counter(to, "process_device_written_bytes_total",
          "Bytes that the process had sent to devices, by the kernel's count.",
          kernel.device_write_bytes);
  counter(to, "process_device_read_bytes_total",
          "Bytes that the process had fetched from devices, by the kernel's count.",
          kernel.device_read_bytes);
  counter(to, "process_write_calls_total", "Write calls, sockets included.",
          kernel.write_calls);
  counter(to, "process_read_calls_total", "Read calls, sockets included.",
          kernel.read_calls);
}

void add_subsystems(families& to, const metrics_delta& x) {
  counter(to, "network_sent_bytes_total", "Bytes sent to clients.", x.network_sent);
  counter(to, "network_received_bytes_total", "Bytes received from clients.",
          x.network_received);
  counter(to, "log_lines_accepted_total", "Log lines taken in.", x.log_lines_accepted);
  counter(to, "log_lines_written_total", "Log lines brought to their files.",
          x.log_lines_written);
  counter(to, "log_lines_dropped_total", "Log lines given up.", x.log_lines_dropped);
  counter(to, "log_writes_total", "Writes that reached log files.", x.log_writes);
  counter(to, "log_written_bytes_total", "Bytes of these.", x.log_bytes_written);
  counter(to, "session_writes_total", "Session documents written.", x.session_writes);
  counter(to, "session_coalesced_total",
          "Session updates that needed no write of their own.", x.session_coalesced);
  counter(to, "database_queries_total", "Statements run for requests.", x.queries);
  counter(to, "database_transactions_total", "Requests that wrote.", x.transactions);
  counter(to, "database_commits_total", "What SQLite committed.", x.commits);
  counter(to, "database_cache_hits_total", "Pages found in SQLite's cache.",
          x.cache_hits);
  counter(to, "database_cache_misses_total", "Pages not found there.", x.cache_misses);
}

/// The accounts that get series of their own: the oldest of each subsystem, ever the same
/// ones; and of all the others a sum. So no series falls, or vanishes, when names come.
std::vector<ledger_entry> told_accounts(const ledger_report& x, uint64_t names_max) {
  std::vector<ledger_entry> result;
  std::map<std::string, ledger_counts> others;
  for (const auto& each : x.entries)
    if (each.place < names_max && each.name != other_accounts)
      result.push_back(each);
    else
      others[each.subsystem] += each.counts;
  for (auto& [subsystem, counts] : others)
    result.push_back({subsystem, other_accounts, counts});
  return result;
}

/// One series of each for every account that is told of.
void add_ledger(families& to, const ledger_report& x, uint64_t names_max) {
  const auto accounts = told_accounts(x, names_max);
  const auto series = [&](const char* name, const char* help,
                          uint64_t ledger_counts::*what) {
    std::vector<ClientMetric> all;
    for (const auto& each : accounts)
      all.push_back(counted(static_cast<double>(each.counts.*what),
                            {{"subsystem", each.subsystem}, {"name", each.name}}));
    add(to, name, help, MetricType::Counter, std::move(all));
  };
  series("ledger_requests_total",
         "Lines, updates of sessions, requests that wrote to the database.",
         &ledger_counts::requests);
  series("ledger_requested_bytes_total", "Bytes of what these brought.",
         &ledger_counts::bytes_requested);
  series("ledger_writes_total", "Write calls made for them.", &ledger_counts::writes);
  series("ledger_written_bytes_total", "Bytes of these.", &ledger_counts::bytes_written);
  series("ledger_syncs_total", "Syncs made for them.", &ledger_counts::syncs);
  if (!x.device.name.empty())
    add(to, "device_written_bytes_total",
        "Bytes that the data's device got from all that use it, since the start.",
        MetricType::Counter,
        {counted(static_cast<double>(x.device.bytes_written),
                 {{"device", x.device.name}})});
}

// -- how it is --------------------------------------------------------------------------

void add_health(families& to, const exposed& x) {
  add(to, "uptime_seconds", "Since the service has served.", MetricType::Gauge,
      {gauged(static_cast<double>(x.uptime_ms) / ms_per_second)});
  std::vector<ClientMetric> checks;
  for (const auto& [name, check] : checks_of(x.survey))
    checks.push_back(gauged(check.ok ? 1 : 0, {{"check", name}}));
  add(to, "check_ok", "Whether a condition of readiness holds.", MetricType::Gauge,
      std::move(checks));
  std::map<std::string, uint64_t> troubles, alerts;
  for (const auto& report : x.survey) {
    for (const auto& each : report.troubles)
      troubles[each.id] += each.times;
    for (const auto& each : report.alerts)
      alerts[each.id] += each.count;
  }
  std::vector<ClientMetric> times, now;
  for (const auto& [id, count] : troubles)
    times.push_back(counted(static_cast<double>(count), {{"trouble", id}}));
  for (const auto& [id, count] : alerts)
    now.push_back(gauged(static_cast<double>(count), {{"alert", id}}));
  add(to, "troubles_total", "How often each trouble came up.", MetricType::Counter,
      std::move(times));
  add(to, "alerts", "Alerts that stand.", MetricType::Gauge, std::move(now));
}

// -- actors -----------------------------------------------------------------------------

/// The actors of one name, of which there may be a thousand, and those that have ended.
struct kind {
  uint64_t count = 0;
  uint64_t mailbox = 0;
  uint64_t handled = 0;
  uint64_t restarts = 0;
  uint64_t busy_ns = 0;
  uint64_t oldest_ms = 0;
  time_buckets times = {};
};

std::map<std::string, kind> kinds_of(const std::vector<actor_entry>& actors) {
  std::map<std::string, kind> result;
  for (const auto& each : actors) {
    auto& x = result[each.name];
    const auto ended = each.id == 0;
    x.count += !ended;
    x.restarts += ended ? each.restarts : 0;
    x.mailbox += each.mailbox;
    x.handled += each.handled;
    x.busy_ns += each.busy_ns;
    x.oldest_ms = std::max(x.oldest_ms, each.oldest_ms);
    for (size_t i = 0; i < x.times.size(); ++i)
      x.times[i] += each.times[i];
  }
  return result;
}

ClientMetric histogram(const kind& x, labels of) {
  ClientMetric result;
  result.label = std::move(of);
  auto& out = result.histogram;
  out.sample_sum = static_cast<double>(x.busy_ns) / ns_per_second;
  for (size_t i = 0; i < x.times.size(); ++i) {
    out.sample_count += x.times[i];
    if (i >= first_bucket && (i - first_bucket) % bucket_step == 0)
      out.bucket.push_back(
        {out.sample_count, static_cast<double>(uint64_t{1} << i) / ns_per_second});
  }
  return result;
}

void add_actors(families& to, const std::vector<actor_entry>& actors) {
  std::vector<ClientMetric> count, mailbox, handled, restarts, oldest, times;
  for (const auto& [name, x] : kinds_of(actors)) {
    const labels of{{"actor", name}};
    count.push_back(gauged(static_cast<double>(x.count), of));
    mailbox.push_back(gauged(static_cast<double>(x.mailbox), of));
    handled.push_back(counted(static_cast<double>(x.handled), of));
    restarts.push_back(counted(static_cast<double>(x.restarts), of));
    oldest.push_back(gauged(static_cast<double>(x.oldest_ms) / ms_per_second, of));
    times.push_back(histogram(x, of));
  }
  add(to, "actors", "Actors of a kind.", MetricType::Gauge, std::move(count));
  add(to, "actor_mailbox_messages", "Messages that wait for actors of a kind.",
      MetricType::Gauge, std::move(mailbox));
  add(to, "actor_messages_total", "Messages handled by actors of a kind.",
      MetricType::Counter, std::move(handled));
  add(to, "actor_restarts_total", "How often they were started anew.",
      MetricType::Counter, std::move(restarts));
  add(to, "actor_oldest_message_seconds", "How long a message may have waited, at most.",
      MetricType::Gauge, std::move(oldest));
  add(to, "actor_handling_seconds", "What a message took, estimated by a sample.",
      MetricType::Histogram, std::move(times));
}

} // namespace

std::string exposition(const exposed& x) {
  families all;
  add_health(all, x);
  add_disk(all, x.totals.total.disk);
  add_process(all, x.totals.kernel);
  add_subsystems(all, x.totals.total);
  add_ledger(all, x.ledger, x.names_max);
  add_actors(all, x.actors);
  std::erase_if(all, [](const auto& family) { return family.metric.empty(); });
  std::ostringstream text;
  prometheus::TextSerializer{}.Serialize(text, all);
  return text.str();
}

} // namespace sluice::http

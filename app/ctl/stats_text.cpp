#include "app/ctl/stats_text.hpp"

#include "actors/detail/alert_sum.hpp"
#include "app/ctl/text.hpp"
#include "app/http/ledger_sums.hpp"
#include "app/http/rates.hpp"
#include "app/http/survey_parts.hpp"
#include "app/printable.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice::ctl {

namespace {

std::string joined(const table& rows) {
  std::string result;
  for (const auto& each : rows.lines())
    result += (result.empty() ? "" : "\n") + each;
  return result;
}

std::string number(uint64_t x) {
  return std::to_string(x);
}

std::string per_day(const std::optional<double>& mb) {
  return mb ? fmt::format(", {:.1f} MB a day", *mb) : std::string{};
}

/// What the kernel has seen, who is to blame, and how long the device bears it.
std::string wear_text(const ledger_report& x, const http::ledger_sums& sums) {
  std::string out;
  append_line(out, "in {}: the process sent {:.2f} MB to devices{}",
              span_text(x.duration_ms), http::to_mb(x.process.device_write_bytes),
              per_day(sums.process_mb_per_day));
  if (!x.device.name.empty())
    append_line(out, "{}: {:.2f} MB in {} writes from all that use it{}", x.device.name,
                http::to_mb(x.device.bytes_written), x.device.writes,
                per_day(sums.device_mb_per_day));
  if (sums.endurance_years)
    append_line(out, "at that, {} TB last {:.1f} years", x.endurance_tbw,
                *sums.endurance_years);
  if (!sums.biggest)
    return out + "nobody has written anything";
  const auto& name = sums.biggest->name;
  return out + "the biggest writer is "
         + printable(sums.biggest->subsystem + (name.empty() ? "" : ' ' + name));
}

} // namespace

std::string status_text(const service_status& x) {
  const auto checks = http::checks_of(x.survey);
  std::string out;
  append_line(out, "sluiced {}, process {}, data in {}, up {}", x.version, x.process,
              x.data_dir, span_text(x.uptime_ms));
  uint64_t alerts = 0;
  for (const auto& report : x.survey)
    for (const auto& each : report.alerts) {
      alerts += each.count;
      append_line(out, "! {} {}: {}", report.name, each.id, detail::words_of(each));
    }
  for (const auto& [name, each] : checks)
    append_line(out, "{} {}  {}", each.ok ? "+" : "-", name, each.detail);
  const auto rates = http::rates_of(x.totals.rate_window);
  append_line(out,
              "disk {:.2f} MB/min in {} writes/min, network {:.3f} Mbit/s, {} queries/s",
              rates.disk_write_mb_per_min, count_text(rates.disk_writes_per_min),
              rates.network_mbps, count_text(rates.queries_per_sec));
  return out + (alerts == 0 && http::all_ok(checks) ? "ok" : "degraded");
}

std::string logs_text(const std::vector<named_log_stats>& all) {
  table rows;
  rows.add({"LOG", "ACCEPTED", "WAITING", "WRITES", "BYTES", "DROPPED", "STATE"});
  for (const auto& [log, x] : all)
    rows.add({log, number(x.accepted), number(x.buffered_lines), number(x.total_writes),
              number(x.total_bytes_written), number(x.dropped),
              x.failing ? "cannot be written" : ""});
  return joined(rows);
}

std::string sessions_text(const session_stats& x) {
  const auto updates = x.total_writes + x.total_coalesced;
  table rows;
  rows.add({"STORE", "SESSIONS", "BYTES", ""});
  for (const auto& each : x.stores)
    rows.add({each.store, std::to_string(each.entries), std::to_string(each.bytes), ""});
  for (const auto& each : x.unreadable)
    rows.add({each.store, "?", "?", each.unreadable});
  return fmt::format("{} documents written for {} updates ({:.1f} % saved), {} pending, "
                     "cache hits {:.1f} %\n",
                     x.total_writes, updates, http::percent(x.total_coalesced, updates),
                     x.pending,
                     http::percent(x.cache_hits, x.cache_hits + x.cache_misses))
         + joined(rows);
}

std::string database_text(const database_numbers& x) {
  const auto& writer = x.database.writer;
  table rows;
  rows.add({"journal mode", writer.opened.journal_mode, ""});
  rows.add({"synchronous", writer.opened.synchronous, ""});
  rows.add({"queries", number(x.database.queries), ""});
  rows.add({"transactions", number(x.database.transactions), ""});
  rows.add({"commits", number(writer.commits), ""});
  rows.add({"checkpoints", number(writer.checkpoints), ""});
  rows.add({"WAL bytes", std::to_string(writer.wal.bytes), ""});
  rows.add({"queued", number(x.queue.queued), ""});
  rows.add({"queued bytes", number(x.queue.queued_bytes), ""});
  rows.add({"dead letters", number(x.queue.dead_letters), ""});
  return joined(rows);
}

std::string clients_text(const std::vector<ws_connection_stats>& all) {
  table rows;
  rows.add({"ID", "TOPICS", "QUEUED", "BYTES", "SENT", "BATCHED", "DROPPED", "REMOTE"});
  for (const auto& x : all)
    rows.add({number(x.id), number(x.topics), number(x.queued_messages),
              number(x.queued_bytes), number(x.total_sent), number(x.total_batched),
              number(x.dropped), x.remote});
  return joined(rows);
}

std::string window_text(const metrics_window& x) {
  const auto rates = http::rates_of(x);
  return fmt::format("window of {} so far\n"
                     "disk      {} writes, {:.3f} MB written, {:.3f} MB/min\n"
                     "network   {:.3f} MB sent, {:.3f} MB received\n"
                     "database  {} queries, {} transactions\n"
                     "cache     {} hits, {} misses",
                     span_text(x.duration_ns / 1'000'000), x.counts.disk.writes,
                     http::to_mb(x.counts.disk.write_bytes), rates.disk_write_mb_per_min,
                     http::to_mb(x.counts.network_sent),
                     http::to_mb(x.counts.network_received), x.counts.queries,
                     x.counts.transactions, x.counts.cache_hits, x.counts.cache_misses);
}

std::string history_text(const std::vector<metrics_window>& all) {
  if (all.empty())
    return "no window is over yet";
  table rows;
  rows.add({"OLDEST FIRST", "MOST", "LAST", ""});
  auto add = [&](const char* what, double http::window_rates::*rate) {
    std::vector<double> values;
    values.reserve(all.size());
    for (const auto& each : all)
      values.push_back(http::rates_of(each).*rate);
    rows.add({what, count_text(*std::max_element(values.begin(), values.end())),
              count_text(values.back()), sparkline(values)});
  };
  add("disk MB/min", &http::window_rates::disk_write_mb_per_min);
  add("disk writes/min", &http::window_rates::disk_writes_per_min);
  add("network Mbit/s", &http::window_rates::network_mbps);
  add("queries/s", &http::window_rates::queries_per_sec);
  add("transactions/s", &http::window_rates::transactions_per_sec);
  add("cache hits %", &http::window_rates::cache_hit_rate);
  return joined(rows);
}

std::string ledger_text(const ledger_report& x) {
  const auto sums = http::sums_of(x);
  table rows;
  rows.add({"WHO", "REQUESTS", "BYTES", "WRITES", "BYTES", "SYNCS", "SAVED %", ""});
  auto add = [&rows](const std::string& who, const ledger_counts& n) {
    rows.add({who, number(n.requests), number(n.bytes_requested), number(n.writes),
              number(n.bytes_written), number(n.syncs),
              fmt::format("{:.1f}", http::reduction_percent(n)), ""});
  };
  for (const auto& [name, each] : sums.subsystems) {
    add(name, each.total);
    for (const auto& [account, counts] : each.accounts)
      add("  " + account, counts);
  }
  add("all", sums.total);
  return joined(rows) + '\n' + wear_text(x, sums);
}

std::string checkpoint_text(const checkpoint_report& x) {
  return fmt::format("{} of {} frames are in the database, the WAL holds {} bytes{}",
                     x.checkpointed, x.wal_frames, x.wal_bytes,
                     x.busy ? "; somebody kept it from finishing" : "");
}

} // namespace sluice::ctl

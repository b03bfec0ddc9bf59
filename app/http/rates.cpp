#include "app/http/rates.hpp"

#include <algorithm>

namespace sluice::http {

namespace {

constexpr double mb_bytes = 1'048'576;
constexpr int64_t second_ns = 1'000'000'000;

} // namespace

double to_mb(uint64_t bytes) {
  return static_cast<double>(bytes) / mb_bytes;
}

double percent(uint64_t part, uint64_t whole) {
  if (whole == 0)
    return 0;
  return 100 * static_cast<double>(part) / static_cast<double>(whole);
}

window_rates rates_of(const metrics_window& window) {
  const auto seconds =
    static_cast<double>(std::max(window.duration_ns, second_ns)) / second_ns;
  const auto minutes = seconds / 60;
  const auto& x = window.counts;
  const auto per_min = [&](uint64_t n) { return static_cast<double>(n) / minutes; };
  const auto per_sec = [&](uint64_t n) { return static_cast<double>(n) / seconds; };
  window_rates result;
  result.disk_writes_per_min = per_min(x.disk.writes);
  result.disk_reads_per_min = per_min(x.disk.reads);
  result.disk_write_mb_per_min = to_mb(x.disk.write_bytes) / minutes;
  result.network_mbps = to_mb(x.network_sent + x.network_received) * 8 / seconds;
  result.queries_per_sec = per_sec(x.queries);
  result.transactions_per_sec = per_sec(x.transactions);
  result.cache_hit_rate = percent(x.cache_hits, x.cache_hits + x.cache_misses);
  return result;
}

aggregate_rates aggregate(const std::vector<metrics_window>& windows) {
  aggregate_rates result;
  for (const auto& window : windows) {
    const auto x = rates_of(window);
    ++result.windows;
    result.avg_disk_write_mb_per_min += x.disk_write_mb_per_min;
    result.avg_network_mbps += x.network_mbps;
    result.avg_cache_hit_rate += x.cache_hit_rate;
    result.max_disk_write_mb_per_min =
      std::max(result.max_disk_write_mb_per_min, x.disk_write_mb_per_min);
    result.max_network_mbps = std::max(result.max_network_mbps, x.network_mbps);
  }
  if (result.windows > 0) {
    const auto n = static_cast<double>(result.windows);
    result.avg_disk_write_mb_per_min /= n;
    result.avg_network_mbps /= n;
    result.avg_cache_hit_rate /= n;
  }
  return result;
}

} // namespace sluice::http

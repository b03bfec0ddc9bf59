// Rates out of counts: the one place where something is divided by a time.
#pragma once

#include "messages/metrics_aggregator.hpp"

#include <cstdint>
#include <vector>

namespace sluice::http {

/// In the units of the interface: MB is 1,048,576 bytes, a rate in percent.
struct window_rates {
  double disk_writes_per_min = 0;
  double disk_reads_per_min = 0;
  double disk_write_mb_per_min = 0;
  double network_mbps = 0;
  double queries_per_sec = 0;
  double transactions_per_sec = 0;
  double cache_hit_rate = 0;
};

struct aggregate_rates {
  uint64_t windows = 0;
  double avg_disk_write_mb_per_min = 0;
  double max_disk_write_mb_per_min = 0;
  double avg_network_mbps = 0;
  double max_network_mbps = 0;
  double avg_cache_hit_rate = 0;
};

double to_mb(uint64_t bytes);

/// 100 x part / whole, or 0 if there is no whole.
double percent(uint64_t part, uint64_t whole);

/// Never extrapolates: a window shorter than a second counts as one.
window_rates rates_of(const metrics_window& window);

/// Means and maxima over whole windows.
aggregate_rates aggregate(const std::vector<metrics_window>& windows);

} // namespace sluice::http

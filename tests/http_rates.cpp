// Rates out of counts.
#define CAF_SUITE http_rates

#include "app/http/rates.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::http;

namespace {

constexpr int64_t second_ns = 1'000'000'000;

metrics_window window(int64_t duration_ns) {
  metrics_window x;
  x.duration_ns = duration_ns;
  x.counts.disk.writes = 30;
  x.counts.disk.reads = 6;
  x.counts.disk.write_bytes = 3'145'728;
  x.counts.network_sent = 1'048'576;
  x.counts.network_received = 1'048'576;
  x.counts.queries = 60;
  x.counts.transactions = 15;
  x.counts.cache_hits = 3;
  x.counts.cache_misses = 1;
  return x;
}

} // namespace

CAF_TEST(rates are counts over the length of the window) {
  auto x = rates_of(window(30 * second_ns));
  CAF_CHECK_EQUAL(x.disk_writes_per_min, 60.0);
  CAF_CHECK_EQUAL(x.disk_reads_per_min, 12.0);
  CAF_CHECK_EQUAL(x.disk_write_mb_per_min, 6.0);
  CAF_CHECK_EQUAL(x.queries_per_sec, 2.0);
  CAF_CHECK_EQUAL(x.transactions_per_sec, 0.5);
  CAF_CHECK_EQUAL(x.cache_hit_rate, 75.0);
  CAF_CHECK_EQUAL(rates_of(window(2 * second_ns)).network_mbps, 8.0);
}

CAF_TEST(nothing is extrapolated from less than a second) {
  for (auto length : {int64_t{0}, int64_t{1}, second_ns - 1, second_ns})
    CAF_CHECK_EQUAL(rates_of(window(length)).queries_per_sec, 60.0);
  CAF_CHECK(rates_of(window(second_ns + 1'000)).queries_per_sec < 60.0);
}

CAF_TEST(where nothing is there to divide by the rate is zero) {
  CAF_CHECK_EQUAL(rates_of(metrics_window{}).cache_hit_rate, 0.0);
  CAF_CHECK_EQUAL(percent(0, 0), 0.0);
  CAF_CHECK_EQUAL(percent(1, 4), 25.0);
}

CAF_TEST(an aggregate has means and maxima over its windows) {
  auto quiet = metrics_window{};
  quiet.duration_ns = 60 * second_ns;
  auto x = aggregate({window(60 * second_ns), quiet});
  CAF_CHECK_EQUAL(x.windows, 2u);
  CAF_CHECK_EQUAL(x.avg_disk_write_mb_per_min, 1.5);
  CAF_CHECK_EQUAL(x.max_disk_write_mb_per_min, 3.0);
  CAF_CHECK_EQUAL(x.max_network_mbps, 2 * x.avg_network_mbps);
  CAF_CHECK_EQUAL(x.avg_cache_hit_rate, 37.5);
}

CAF_TEST(an aggregate of no windows is all zeros) {
  auto x = aggregate({});
  CAF_CHECK_EQUAL(x.windows, 0u);
  CAF_CHECK_EQUAL(x.avg_network_mbps, 0.0);
  CAF_CHECK_EQUAL(x.max_disk_write_mb_per_min, 0.0);
}

#include "app/http/ledger_sums.hpp"

#include "app/http/rates.hpp"

namespace sluice::http {

namespace {

constexpr double ms_per_day = 86'400'000;
constexpr double days_per_year = 365.25;
constexpr double bytes_per_tb = 1e12;
/// What the start itself writes would make a card look worn within the year.
constexpr int64_t shortest_ms = 60'000;

double bytes_per_day(uint64_t bytes, int64_t duration_ms) {
  return static_cast<double>(bytes) * ms_per_day / static_cast<double>(duration_ms);
}

double mb_per_day(uint64_t bytes, int64_t duration_ms) {
  return to_mb(bytes) * ms_per_day / static_cast<double>(duration_ms);
}

void add(ledger_sums& to, const ledger_entry& x) {
  auto& subsystem = to.subsystems[x.subsystem];
  subsystem.total += x.counts;
  if (!x.name.empty())
    subsystem.accounts[x.name] += x.counts;
  to.total += x.counts;
  const auto most = to.biggest ? to.biggest->counts.bytes_written : 0;
  if (x.counts.bytes_written > most)
    to.biggest = &x;
}

} // namespace

ledger_sums sums_of(const ledger_report& from) {
  ledger_sums result;
  // Whoever has done nothing yet has its zeros.
  for (const auto* each : {"log", "session", "database"})
    result.subsystems[each] = {};
  for (const auto& each : from.entries)
    add(result, each);
  if (from.duration_ms < shortest_ms)
    return result;
  const auto has_device = !from.device.name.empty();
  auto worn = from.process.device_write_bytes;
  result.process_mb_per_day = mb_per_day(worn, from.duration_ms);
  if (has_device) {
    worn = from.device.bytes_written;
    result.device_mb_per_day = mb_per_day(worn, from.duration_ms);
  }
  if (from.endurance_tbw > 0 && worn > 0)
    result.endurance_years = static_cast<double>(from.endurance_tbw) * bytes_per_tb
                             / bytes_per_day(worn, from.duration_ms) / days_per_year;
  return result;
}

double reduction_percent(const ledger_counts& x) {
  return x.writes < x.requests ? percent(x.requests - x.writes, x.requests) : 0;
}

} // namespace sluice::http

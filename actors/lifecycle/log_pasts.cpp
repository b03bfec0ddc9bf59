#include "actors/lifecycle/log_pasts.hpp"

#include <algorithm>

namespace sluice {

void log_pasts::keep(const std::string& log, const log_past& past) {
  entries_.insert_or_assign(log, entry{past, ++last_number_});
  if (entries_.size() > names_max)
    forget_oldest();
}

void log_pasts::forget_oldest() {
  auto oldest =
    std::min_element(entries_.begin(), entries_.end(), [](const auto& x, const auto& y) {
      return x.second.number < y.second.number;
    });
  const auto& [stats, failures] = oldest->second.past;
  auto& sum = others_.stats;
  sum.total_writes += stats.total_writes;
  sum.total_bytes_written += stats.total_bytes_written;
  sum.accepted += stats.accepted;
  sum.dropped += stats.dropped;
  sum.last_flush_at_ms = std::max(sum.last_flush_at_ms, stats.last_flush_at_ms);
  others_.failures += failures;
  number_floor_ = std::max(number_floor_, stats.accepted);
  entries_.erase(oldest);
}

log_past log_pasts::take(const std::string& log) {
  auto place = entries_.find(log);
  if (place == entries_.end()) {
    log_past fresh;
    fresh.stats.accepted = number_floor_;
    return fresh;
  }
  auto past = place->second.past;
  entries_.erase(place);
  return past;
}

const log_past* log_pasts::find(const std::string& log) const {
  auto place = entries_.find(log);
  return place == entries_.end() ? nullptr : &place->second.past;
}

void log_pasts::tell(std::map<std::string, log_stats>& to) const {
  for (const auto& [log, each] : entries_)
    to.emplace(log, each.past.stats);
  if (number_floor_ > 0)
    to.emplace(others, others_.stats);
}

uint64_t log_pasts::failures() const {
  auto result = others_.failures;
  for (const auto& [log, each] : entries_)
    result += each.past.failures;
  return result;
}

} // namespace sluice

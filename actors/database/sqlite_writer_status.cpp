// What the writer counts, and tells of itself; what it counted outlives it.
#include "actors/database/sqlite_writer.hpp"

#include "actors/detail/last_words.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

sqlite_writer_stats sqlite_writer_state::stats() {
  auto cache = db_.take_cache_counts();
  stats_.cache_hits += cache.hits;
  stats_.cache_misses += cache.misses;
  const auto& past = cfg_.past;
  auto result = stats_;
  result.commits += past.commits;
  result.checkpoints += past.checkpoints;
  result.last_checkpoint_at_ms =
    std::max(result.last_checkpoint_at_ms, past.last_checkpoint_at_ms);
  result.cache_hits += past.cache_hits;
  result.cache_misses += past.cache_misses;
  return result;
}

sqlite_writer_state::~sqlite_writer_state() {
  detail::say_at_last(self_, [this] {
    if (!cfg_.heir)
      return;
    report_counts();
    const auto all = stats();
    auto& past = cfg_.past;
    past.commits = all.commits;
    past.checkpoints = all.checkpoints;
    past.last_checkpoint_at_ms = all.last_checkpoint_at_ms;
    past.cache_hits = all.cache_hits;
    past.cache_misses = all.cache_misses;
    self_->send(cfg_.heir, atom::retire_v, past);
  });
}

metrics_report sqlite_writer_state::collect() {
  spent(files_.take());
  return {std::exchange(counts_, {}), booked_.take()};
}

void sqlite_writer_state::asked(uint64_t writes, uint64_t bytes) {
  if (writes == 0)
    return;
  counts_.transactions += writes;
  booked_.ask({}, writes, bytes);
}

void sqlite_writer_state::spent(const io_counts& io) {
  counts_.disk += io;
  booked_.spend({}, io);
}

void sqlite_writer_state::report_counts() {
  auto cache = db_.take_cache_counts();
  stats_.cache_hits += cache.hits;
  stats_.cache_misses += cache.misses;
  if (metrics_)
    self_->send(metrics_, atom::report_v, collect());
}

status_report sqlite_writer_state::status() {
  status_report report;
  report.name = name;
  report.held_bytes = window_->bytes();
  report.state = {
    {"open", db_.is_open()},
    {"journalMode", stats_.opened.journal_mode},
    {"synchronous", stats_.opened.synchronous},
    {"commits", static_cast<int64_t>(stats_.commits)},
    {"checkpoints", static_cast<int64_t>(stats_.checkpoints)},
    {"groupSizeLast", static_cast<int64_t>(last_group_)},
    {"groupSizeNow", static_cast<int64_t>(window_->size())},
    {"walBytes", stats_.wal.bytes},
    {"suspect", stats_.suspect},
  };
  report.checks = {{"last-sync", !stats_.suspect, io_error_ ? io_error_->text : ""}};
  report.troubles = {{"database-io-error", io_errors_}};
  if (io_error_)
    report.alerts.push_back(*io_error_);
  tell_schema(report);
  wal_full_.tell(report);
  tell_files(report);
  return report;
}

} // namespace sluice

// What the queue tells about itself.
#include "actors/database/sql_queue.hpp"
#include "actors/detail/growing_pause.hpp"
#include "actors/detail/last_words.hpp"
#include "actors/detail/wall_clock.hpp"
#include "actors/storage/dead_letters.hpp"

#include <utility>

namespace sluice {

sql_queue_stats sql_queue_state::stats() const {
  auto result = stats_;
  result.accepted += config_.past.accepted;
  result.restored += config_.past.restored;
  result.dead_letters += config_.past.dead_letters;
  result.queued = waiting_.size();
  result.queued_bytes = bytes_;
  result.failing = disk_trouble_ || blocked_;
  return result;
}

sql_queue_state::~sql_queue_state() {
  detail::say_at_last(self_, [this] {
    if (!config_.heir)
      return;
    const auto all = stats();
    auto& past = config_.past;
    past.accepted = all.accepted;
    past.restored = all.restored;
    past.dead_letters = all.dead_letters;
    self_->send(config_.heir, atom::retire_v, past);
  });
}

// -- what the database refused ----------------------------------------------------

/// A file that cannot be looked at counts as it did before.
void sql_queue_state::look_at_letters() {
  if (const auto bytes = dead_letter_bytes(config_.dead_letter_file))
    letters_full_ = *bytes >= config_.dead_letter_bytes_max;
}

/// Only while the file is full is it looked at for each write: until somebody moves it
/// away.
caf::error sql_queue_state::check_letters() {
  if (letters_full_)
    look_at_letters();
  if (!letters_full_)
    return caf::none;
  ++letters_refused_;
  return dead_letters_full(config_.dead_letter_file, config_.dead_letter_bytes_max);
}

// -- telling ----------------------------------------------------------------------

/// What it was told to wait for, it waits for no more: there is nothing that waits.
void sql_queue_state::end_troubles() {
  disk_trouble_.clear();
  blocked_.clear();
}

int64_t sql_queue_state::oldest_ms() const {
  if (waiting_.empty())
    return 0;
  auto age = self_->clock().now() - waiting_.front().since;
  return std::chrono::duration_cast<std::chrono::milliseconds>(age).count();
}

status_report sql_queue_state::status() const {
  status_report report;
  report.name = name;
  report.held_bytes = bytes_;
  report.state = {{"accepted", static_cast<int64_t>(progress_.accepted())},
                  {"applied", static_cast<int64_t>(progress_.written())},
                  {"synced", static_cast<int64_t>(progress_.synced())},
                  {"queued", static_cast<int64_t>(waiting_.size())},
                  {"restored", static_cast<int64_t>(stats_.restored)},
                  {"deadLetters", static_cast<int64_t>(stats_.dead_letters)},
                  {"oldestMs", oldest_ms()},
                  {"failures", static_cast<int64_t>(failures_)}};
  // One window for a write to wait, one more for the database to take it.
  auto limit = 2 * config_.interval + detail::growing_pause::longest;
  auto fresh = std::chrono::milliseconds{oldest_ms()} <= limit;
  report.checks.push_back(
    {"unapplied-age", fresh,
     "the oldest queued SQL waits " + std::to_string(oldest_ms()) + " ms"});
  report.troubles = {{"sql-queue-tries-failed", failures_},
                     {"sql-dead-letters", stats_.dead_letters},
                     {"sql-queue-refused", letters_refused_}};
  disk_trouble_.tell(report);
  blocked_.tell(report);
  auto words =
    report.alerts.empty() ? "queued SQL is applied" : report.alerts.front().text;
  report.checks.push_back({"sql-queue", report.alerts.empty(), std::move(words)});
  lost_.tell(report);
  auto letters_at = last_dead_letter_ms(config_.dead_letter_file);
  if (!letters_at)
    report.alerts.push_back(
      {"sql-dead-letters", text_of(letters_at.error()), detail::wall_clock_ms()});
  else if (*letters_at != 0)
    report.alerts.push_back({"sql-dead-letters",
                             config_.dead_letter_file
                               + " holds SQL that the database refused; move the file "
                                 "away once it is dealt with",
                             *letters_at});
  return report;
}

} // namespace sluice

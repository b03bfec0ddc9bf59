// What a log tells of itself: its last lines, its numbers, its state; and what it is
// told.

#include "actors/detail/growing_pause.hpp"
#include "actors/detail/last_words.hpp"
#include "actors/log/log_buffer.hpp"
#include "messages/answer_room.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice {

namespace {

/// The lines, if they can be held.
caf::expected<log_tail> held(log_tail x, const tail_bounds& wanted) {
  if (auto err = hold_answer(wanted.room, x.lines.size()))
    return err;
  return x;
}

} // namespace

caf::result<log_tail> log_buffer_state::tail(const tail_bounds& wanted) {
  used_ = self_->clock().now();
  if (wanted.lines <= waiting_.count)
    return held(last_lines(waiting_.text, wanted), wanted);
  auto promise = detail::owe<log_tail>(self_);
  // The writer answers behind the batch that is in flight: when this comes back,
  // what is still held here is exactly what the file does not have.
  self_->request(writer_, caf::infinite, atom::tail_v, config_.log, wanted)
    .then(
      [this, promise, wanted](log_tail& file) mutable {
        spent(file.io);
        auto all = last_lines(std::move(file.lines) + held_lines(), wanted);
        // What the file left out may be more than anybody wants.
        if (file.cut)
          all.cut = count_lines(all.lines) < wanted.lines;
        if (auto told = held(std::move(all), wanted))
          promise.deliver(std::move(*told));
        else
          promise.deliver(std::move(told.error()));
      },
      [promise](caf::error& err) mutable { promise.deliver(std::move(err)); });
  return promise;
}

void log_buffer_state::apply(const log_limits& limits) {
  config_.max_entries = limits.max_entries;
  config_.max_bytes = limits.max_bytes;
  config_.flush_interval = limits.flush_interval;
  config_.sync = limits.sync;
}

std::string log_buffer_state::held_lines() const {
  auto text =
    in_flight_ ? in_flight_->text.data->substr(in_flight_->written_bytes) : std::string{};
  return text + waiting_.text;
}

uint64_t log_buffer_state::held_count() const {
  return waiting_.count + (in_flight_ ? in_flight_->count : 0);
}

uint64_t log_buffer_state::buffered_bytes() const {
  return waiting_.text.size() + (in_flight_ ? in_flight_->rest_bytes() : 0);
}

int64_t log_buffer_state::oldest_ms() const {
  if (held_count() == 0)
    return 0;
  auto age = self_->clock().now() - (in_flight_ ? in_flight_->since : waiting_.since);
  return std::chrono::duration_cast<std::chrono::milliseconds>(age).count();
}

log_stats log_buffer_state::stats() const {
  log_stats result;
  result.total_writes = total_writes_;
  result.total_bytes_written = total_bytes_;
  result.buffered_lines = progress_.unwritten();
  result.buffered_bytes = buffered_bytes();
  result.last_flush_at_ms = last_flush_at_ms_;
  result.accepted = progress_.accepted() + accepted_before_;
  result.failing = write_trouble_ || sync_trouble_;
  return result;
}

void log_buffer_state::spent(const io_counts& io) {
  delta_.disk += io;
  booked_.spend(config_.log, io);
}

metrics_report log_buffer_state::collect() {
  return {std::exchange(delta_, {}), booked_.take(), held_count()};
}

void log_buffer_state::push_metrics() {
  if (metrics_)
    self_->send(metrics_, atom::report_v, collect());
}

/// What was in the memory of the one before, and nowhere else, is lost.
void log_buffer_state::go_on_from(const log_past& past) {
  const auto accepted = past.stats.accepted;
  progress_.resume(accepted, accepted, accepted);
  flight_.resume(accepted, accepted);
  total_writes_ = past.stats.total_writes;
  total_bytes_ = past.stats.total_bytes_written;
  last_flush_at_ms_ = past.stats.last_flush_at_ms;
  failures_ = past.failures;
  lost_after_ = accepted - std::min(past.stats.buffered_lines, accepted);
  lost_up_to_ = accepted;
}

/// Whatever ends it, nothing goes with it that was counted and not told.
log_buffer_state::~log_buffer_state() {
  detail::say_at_last(self_, [this] {
    push_metrics();
    if (config_.heir)
      self_->send(config_.heir, atom::retire_v, config_.log,
                  log_past{stats(), failures_});
  });
}

status_report log_buffer_state::status() const {
  status_report report;
  report.name = name;
  report.key = config_.log;
  report.held_bytes = buffered_bytes();
  report.state = {{"accepted", static_cast<int64_t>(progress_.accepted())},
                  {"written", static_cast<int64_t>(progress_.written())},
                  {"synced", static_cast<int64_t>(progress_.synced())},
                  {"bufferedLines", static_cast<int64_t>(progress_.unwritten())},
                  {"oldestMs", oldest_ms()},
                  {"writes", static_cast<int64_t>(total_writes_)},
                  {"failures", static_cast<int64_t>(failures_)}};
  // One window for the line to wait, one more for the disk to take it.
  auto limit = 2 * config_.flush_interval + detail::growing_pause::longest;
  auto fresh = std::chrono::milliseconds{oldest_ms()} <= limit;
  report.checks.push_back({"unflushed-age", fresh,
                           "log " + config_.log + ": the oldest line waits "
                             + std::to_string(oldest_ms()) + " ms"});
  report.troubles = {{"log-tries-failed", failures_}};
  write_trouble_.tell(report);
  sync_trouble_.tell(report);
  auto words = report.alerts.empty() ? "log " + config_.log + " is written and synced"
                                     : report.alerts.front().text;
  report.checks.push_back({"log-disk", report.alerts.empty(), std::move(words)});
  // Slow is not broken: what is written is safe from a death of the process.
  sync_watch_.tell(report);
  return report;
}

} // namespace sluice

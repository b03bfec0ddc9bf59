#include "actors/log/log_buffer.hpp"

#include "actors/detail/wall_clock.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

void log_buffer_state::init(log_buffer_config config, log_writer_actor writer,
                            metrics_aggregator_actor metrics) {
  config_ = std::move(config);
  writer_ = std::move(writer);
  metrics_ = std::move(metrics);
  window_ = detail::window_timer{config_.grid};
  used_ = self_->clock().now();
  go_on_from(config_.past);
  if (config_.spool)
    restore();
}

// -- taking in --------------------------------------------------------------------

caf::result<log_receipt> log_buffer_state::append(log_chunk& chunk) {
  if (stopping_)
    return caf::make_error(ec::stopping, "the log is being closed");
  if (chunk.count == 0)
    return log_receipt{0, accepted_, level_now()};
  const auto bytes = chunk.lines.size();
  const auto now = self_->clock().now();
  auto level = keep(chunk, now);
  if (!level)
    return std::move(level.error());
  used_ = now;
  waiting_.add(chunk, now);
  window_.open(self_, config_.flush_interval);
  accepted_ += chunk.count;
  delta_.log_lines_accepted += chunk.count;
  booked_.ask(config_.log, chunk.count, bytes);
  write_if_due();
  return log_receipt{chunk.count, accepted_, *level};
}

caf::result<flush_report> log_buffer_state::flush() {
  if (written_ == accepted_)
    return flush_report{};
  auto promise = detail::owe<flush_report>(self_);
  flushes_.add(accepted_, promise, flush_report{accepted_ - written_});
  // Somebody asks now, so a pause after a failure ends early.
  retry_.close();
  write_if_due();
  return promise;
}

caf::result<durability> log_buffer_state::persist(uint64_t seq) {
  if (seq > lost_after_ && seq <= lost_up_to_)
    return caf::make_error(ec::unavailable, "the lines died with a part of the service");
  seq = std::min(seq, accepted_);
  if (seq <= synced_)
    return durability::disk;
  if (syncs_.size() >= syncs_max)
    return caf::make_error(ec::overloaded, "too many requests wait for the disk");
  auto promise = detail::owe<durability>(self_);
  syncs_.add(seq, promise, durability::disk);
  write_if_due();
  sync_if_wanted();
  return promise;
}

// -- writing ----------------------------------------------------------------------

void log_buffer_state::on_tick(uint64_t generation) {
  if (!window_.ends(self_, generation))
    return;
  overdue_ = true;
  write_if_due();
}

void log_buffer_state::on_retry(uint64_t generation) {
  if (!retry_.ends<atom::retry>(self_, generation))
    return;
  write_if_due();
  sync_if_wanted();
}

void log_buffer_state::on_check(uint64_t generation) {
  sync_watch_.look(self_, generation);
}

bool log_buffer_state::due() const {
  auto taken = accepted_ - waiting_.count;
  auto many =
    waiting_.count >= config_.max_entries || waiting_.text.size() >= config_.max_bytes;
  return overdue_ || stopping_ || (many && !can_wait()) || flushes_.any_beyond(taken)
         || syncs_.any_beyond(taken);
}

void log_buffer_state::write_if_due() {
  if (!in_flight_ && waiting_.count > 0 && due()) {
    window_.close();
    overdue_ = false;
    in_flight_.emplace(std::exchange(waiting_, {}), accepted_);
  }
  // What failed goes again, before anything newer, once its pause is over.
  if (in_flight_ && !in_flight_->sent && !retry_.is_open())
    send_batch();
}

void log_buffer_state::send_batch() {
  look_after_spool();
  in_flight_->sent = true;
  log_batch batch{config_.log,
                  in_flight_->text,
                  in_flight_->written_bytes,
                  in_flight_->first_seq(),
                  in_flight_->last_seq,
                  in_flight_->begun,
                  in_flight_->replayed};
  self_->request(writer_, caf::infinite, atom::write_v, std::move(batch))
    .then([this](const log_outcome& outcome) { on_outcome(outcome); },
          [this](const caf::error& err) { on_write_failed(code_of(err), text_of(err)); });
}

void log_buffer_state::on_outcome(const log_outcome& outcome) {
  auto bytes = outcome.written_bytes - in_flight_->written_bytes;
  in_flight_->written_bytes = outcome.written_bytes;
  // Of a file that could not be looked at nobody knows how much of the batch it holds.
  if (outcome.end != file_position{}) {
    in_flight_->begun = caf::none;
    end_ = outcome.end;
  }
  spent(outcome.io);
  if (bytes > 0) {
    delta_.log_writes += 1;
    delta_.log_bytes_written += bytes;
    total_writes_ += 1;
    total_bytes_ += bytes;
  }
  if (in_flight_->rest_bytes() > 0)
    on_write_failed(outcome.code, outcome.detail);
  else
    on_written();
}

void log_buffer_state::on_written() {
  delta_.log_lines_written += in_flight_->count;
  written_ = in_flight_->last_seq;
  in_flight_.reset();
  write_trouble_.clear();
  pause_.reset();
  last_flush_at_ms_ = detail::wall_clock_ms();
  push_metrics();
  flushes_.reached(written_);
  sync_if_wanted();
  write_if_due();
  finish_if_drained();
}

void log_buffer_state::on_write_failed(ec code, std::string detail) {
  in_flight_->sent = false;
  ++failures_;
  write_trouble_.note("log " + config_.log + " waits for its file: " + detail);
  flushes_.fail(caf::make_error(code, std::move(detail)));
  retry_.open<atom::retry>(self_, pause_.next());
}

// -- syncing ----------------------------------------------------------------------

void log_buffer_state::sync_if_wanted() {
  auto wanted = syncs_.any_up_to(written_) || (config_.sync && synced_ < written_);
  if (!wanted || syncing_ || retry_.is_open())
    return;
  syncing_ = true;
  sync_ = sync_watch_.begin(self_, "log " + config_.log);
  // One sync answers everybody whose lines are written by now.
  self_->request(writer_, caf::infinite, atom::sync_v, config_.log)
    .then([this, seq = written_](const io_counts& io) { on_synced(seq, io); },
          [this](const caf::error& err) { on_sync_failed(err); });
}

void log_buffer_state::end_sync() {
  syncing_ = false;
  sync_watch_.end(self_, sync_);
}

void log_buffer_state::on_synced(uint64_t seq, const io_counts& io) {
  end_sync();
  synced_ = seq;
  spent(io);
  sync_trouble_.clear();
  syncs_.reached(synced_);
  sync_if_wanted();
  finish_if_drained();
}

void log_buffer_state::on_sync_failed(const caf::error& reason) {
  end_sync();
  ++failures_;
  sync_trouble_.note("log " + config_.log + " is not synced: " + text_of(reason));
  retry_.open<atom::retry>(self_, pause_.next());
  // The writer syncs once more when it stops; nobody need wait for it here.
  if (stopping_)
    syncs_.fail(reason);
  finish_if_drained();
}

// -- ending -----------------------------------------------------------------------

caf::result<stop_report> log_buffer_state::stop() {
  auto promise = detail::owe<stop_report>(self_);
  stopping_ = promise;
  written_before_stop_ = written_;
  retry_.close();
  write_if_due();
  sync_if_wanted();
  finish_if_drained();
  return promise;
}

void log_buffer_state::finish_if_drained() {
  if (!stopping_ || written_ != accepted_ || syncing_ || !syncs_.empty())
    return;
  stop_report report;
  report.name = name;
  report.key = config_.log;
  report.drained = written_ - written_before_stop_;
  push_metrics();
  stopping_->deliver(std::move(report));
  self_->quit();
}

/// Whether all that was taken in is in the file, and nobody waits for anything.
bool log_buffer_state::holds_nothing() const {
  return written_ == accepted_ && !syncing_ && flushes_.empty() && syncs_.empty()
         && !stopping_;
}

caf::result<caf::timespan> log_buffer_state::idle() const {
  if (!holds_nothing())
    return caf::make_error(ec::refused, "log " + config_.log + " holds something");
  return std::chrono::duration_cast<caf::timespan>(self_->clock().now() - used_);
}

caf::result<log_past> log_buffer_state::retire() {
  const auto on_disk = [this] { return holds_nothing() && synced_ == accepted_; };
  const auto refusal = [this] {
    return caf::make_error(ec::refused, "log " + config_.log + " is not on disk");
  };
  if (!on_disk())
    return refusal();
  auto promise = detail::owe<log_past>(self_);
  self_->request(writer_, caf::infinite, atom::close_v, config_.log)
    .then(
      [this, promise, on_disk, refusal](bool) mutable {
        // The writer opens the file again for what came meanwhile.
        if (!on_disk()) {
          promise.deliver(refusal());
          return;
        }
        if (config_.spool)
          config_.spool->forget(lane_);
        push_metrics();
        promise.deliver(log_past{stats(), failures_});
        config_.heir = nullptr; // it is told
        self_->quit();
      },
      [promise](caf::error& err) mutable { promise.deliver(std::move(err)); });
  return promise;
}

log_buffer_actor::behavior_type
log_buffer(log_buffer_actor::stateful_pointer<log_buffer_state> self,
           log_buffer_config config, log_writer_actor writer,
           metrics_aggregator_actor metrics) {
  auto* state = &self->state;
  state->init(std::move(config), std::move(writer), std::move(metrics));
  return {
    [state](atom::append, log_chunk& chunk) { return state->append(chunk); },
    [state](atom::flush) { return state->flush(); },
    [state](atom::persist, uint64_t seq) { return state->persist(seq); },
    [state](atom::tail, const tail_bounds& wanted) { return state->tail(wanted); },
    [state](atom::stats) { return state->stats(); },
    [state](atom::apply, const log_limits& limits) { state->apply(limits); },
    [state](atom::attach, log_writer_actor& next) { state->attach(std::move(next)); },
    [state](atom::idle) { return state->idle(); },
    [state](atom::retire) { return state->retire(); },
    [state](atom::tick, uint64_t generation) { state->on_tick(generation); },
    [state](atom::check, uint64_t generation) { state->on_check(generation); },
    [state](atom::retry, uint64_t generation) { state->on_retry(generation); },
    [state](atom::collect) { return state->collect(); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice

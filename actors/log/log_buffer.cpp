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
  flight_ = coalesce::flight{config_.grid};
  used_ = self_->clock().now();
  go_on_from(config_.past);
  lane_ = coalesce::lane{config_.spool, config_.keeper, lane_kind::log, config_.log};
  if (lane_)
    restore();
}

// -- taking in --------------------------------------------------------------------

caf::result<log_receipt> log_buffer_state::append(log_chunk& chunk) {
  if (stopping_)
    return caf::make_error(ec::stopping, "the log is being closed");
  if (chunk.count == 0)
    return log_receipt{0, progress_.accepted(), level_now()};
  const auto bytes = chunk.lines.size();
  const auto now = self_->clock().now();
  auto level = keep(chunk, now);
  if (!level)
    return std::move(level.error());
  used_ = now;
  waiting_.add(chunk, now);
  flight_.add(progress_.accept(chunk.count), now, config_.flush_interval);
  delta_.log_lines_accepted += chunk.count;
  booked_.ask(config_.log, chunk.count, bytes);
  write_if_due();
  return log_receipt{chunk.count, progress_.accepted(), *level};
}

caf::result<flush_report> log_buffer_state::flush() {
  if (progress_.unwritten() == 0)
    return flush_report{};
  auto answer = progress_.await(self_, durability::ram, progress_.accepted(),
                                flush_report{progress_.unwritten()});
  flight_.want(progress_.accepted());
  flight_.end_pause();
  write_if_due();
  return answer;
}

caf::result<durability> log_buffer_state::persist(uint64_t seq) {
  if (seq > lost_after_ && seq <= lost_up_to_)
    return caf::make_error(ec::unavailable, "the lines died with a part of the service");
  seq = std::min(seq, progress_.accepted());
  if (seq <= progress_.synced())
    return durability::disk;
  auto answer = progress_.await(self_, durability::disk, seq, durability::disk);
  flight_.want(seq);
  write_if_due();
  sync_if_wanted();
  return answer;
}

// -- writing ----------------------------------------------------------------------

void log_buffer_state::on_tick(uint64_t generation) {
  if (!alarm_.rings(generation))
    return;
  write_if_due();
  sync_if_wanted();
}

void log_buffer_state::on_check(uint64_t generation) {
  sync_watch_.look(self_, generation);
}

bool log_buffer_state::is_due() {
  auto many =
    waiting_.count >= config_.max_entries || waiting_.text.size() >= config_.max_bytes;
  if (many && !can_wait())
    flight_.want(progress_.accepted());
  return flight_.is_due();
}

void log_buffer_state::write_if_due() {
  flight_.look(self_->clock().now());
  if (flight_.is_free()) {
    // Of what failed some bytes may be in the file: it is the same batch again.
    if (!in_flight_ && waiting_.count > 0 && is_due())
      in_flight_.emplace(std::exchange(waiting_, {}), progress_.accepted());
    if (in_flight_)
      send_batch();
  }
  alarm_.set(self_, flight_.next_look());
}

void log_buffer_state::send_batch() {
  lane_.look_after();
  flight_.begin(in_flight_->last_seq);
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
  const auto last = in_flight_->last_seq;
  in_flight_.reset();
  flight_.landed(last);
  write_trouble_.clear();
  last_flush_at_ms_ = detail::wall_clock_ms();
  push_metrics();
  progress_.wrote(last);
  sync_if_wanted();
  write_if_due();
  finish_if_drained();
}

void log_buffer_state::on_write_failed(ec code, std::string detail) {
  ++failures_;
  flight_.failed(self_->clock().now());
  write_trouble_.note("log " + config_.log + " waits for its file: " + detail);
  progress_.fail(durability::ram, caf::make_error(code, std::move(detail)));
  write_if_due();
}

// -- syncing ----------------------------------------------------------------------

void log_buffer_state::sync_if_wanted() {
  const auto written = progress_.written();
  const auto wanted =
    progress_.wants_sync(written) || (config_.sync && progress_.synced() < written);
  if (!wanted || syncing_ || flight_.is_paused())
    return;
  syncing_ = true;
  sync_ = sync_watch_.begin(self_, "log " + config_.log);
  // One sync answers everybody whose lines are written by now.
  self_->request(writer_, caf::infinite, atom::sync_v, config_.log)
    .then([this, written](const io_counts& io) { on_synced(written, io); },
          [this](const caf::error& err) { on_sync_failed(err); });
}

void log_buffer_state::end_sync() {
  syncing_ = false;
  sync_watch_.end(self_, sync_);
}

void log_buffer_state::on_synced(uint64_t seq, const io_counts& io) {
  end_sync();
  spent(io);
  sync_trouble_.clear();
  progress_.sync(seq);
  sync_if_wanted();
  finish_if_drained();
}

void log_buffer_state::on_sync_failed(const caf::error& reason) {
  end_sync();
  ++failures_;
  sync_trouble_.note("log " + config_.log + " is not synced: " + text_of(reason));
  flight_.pause(self_->clock().now());
  // The writer syncs once more when it stops; nobody need wait for it here.
  if (stopping_)
    progress_.fail(durability::disk, reason);
  write_if_due();
  finish_if_drained();
}

// -- ending -----------------------------------------------------------------------

caf::result<stop_report> log_buffer_state::stop() {
  auto promise = detail::owe<stop_report>(self_);
  stopping_ = promise;
  written_before_stop_ = progress_.written();
  flight_.want(progress_.accepted());
  flight_.end_pause();
  write_if_due();
  sync_if_wanted();
  finish_if_drained();
  return promise;
}

void log_buffer_state::finish_if_drained() {
  if (!stopping_ || progress_.unwritten() > 0 || syncing_ || progress_.is_awaited())
    return;
  stop_report report;
  report.name = name;
  report.key = config_.log;
  report.drained = progress_.written() - written_before_stop_;
  push_metrics();
  stopping_->deliver(std::move(report));
  self_->quit();
}

/// Whether all that was taken in is in the file, and nobody waits for anything.
bool log_buffer_state::holds_nothing() const {
  return progress_.unwritten() == 0 && !syncing_ && !progress_.is_awaited() && !stopping_;
}

caf::result<caf::timespan> log_buffer_state::idle() const {
  if (!holds_nothing())
    return caf::make_error(ec::refused, "log " + config_.log + " holds something");
  return std::chrono::duration_cast<caf::timespan>(self_->clock().now() - used_);
}

caf::result<log_past> log_buffer_state::retire() {
  const auto on_disk = [this] {
    return holds_nothing() && progress_.synced() == progress_.accepted();
  };
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
        lane_.forget();
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
    [state](atom::collect) { return state->collect(); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice

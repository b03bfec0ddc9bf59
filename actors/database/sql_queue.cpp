#include "actors/database/sql_queue.hpp"

#include "actors/database/sql_codec.hpp"
#include "actors/storage/sqlite_query.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

// -- taking in --------------------------------------------------------------------

caf::result<queue_receipt> sql_queue_state::append(queue_request& x) {
  if (stopping_)
    return caf::make_error(ec::stopping, "the queue is being closed");
  if (!ready_) // a number given now might be one that was given before
    return caf::make_error(ec::unavailable, "the queue is being brought back");
  if (auto err = check_letters())
    return err;
  auto bytes = sqlite::size_of(x.write);
  if (bytes_ + bytes > config_.bytes_max) {
    apply_all();
    return caf::make_error(ec::overloaded, "too much SQL waits for the database");
  }
  auto level = keep(x, accepted_ + 1);
  if (!level)
    return std::move(level.error());
  ++accepted_;
  ++stats_.accepted;
  bytes_ += bytes;
  auto charge = *level == durability::memory ? std::move(x.charge) : credit{};
  shared_write write{std::make_shared<const sql_write>(std::move(x.write))};
  waiting_.push_back(
    {{accepted_, std::move(write)}, bytes, std::move(charge), self_->clock().now()});
  window_.open(self_, config_.interval);
  if (config_.spool ? !config_.spool->has_room() : bytes_ >= config_.bytes_max / 2)
    apply_all();
  return queue_receipt{accepted_, *level};
}

/// Brings a write into the spool, if there is one; returns the level reached.
caf::expected<durability> sql_queue_state::keep(const queue_request& x, uint64_t seq) {
  auto problem = caf::make_error(ec::unavailable, "there is no spool in RAM: ask for "
                                                  "memory, disk, or no level");
  if (config_.spool) {
    problem = config_.spool->append(lane_, seq, 1, encode(x.write, database_id_),
                                    self_->clock().now());
    if (!problem)
      return durability::ram;
    look_after_spool();
    if (code_of(problem) != ec::unavailable) {
      apply_all();
      return problem;
    }
  }
  if (x.at_least > durability::memory)
    return problem;
  return durability::memory;
}

caf::result<flush_report> sql_queue_state::flush() {
  if (ready_ && applied_ == accepted_)
    return flush_report{};
  auto promise = detail::owe<flush_report>(self_);
  flushes_.add(accepted_, promise, flush_report{accepted_ - applied_});
  // Somebody asks now, so a pause after a failure ends early.
  retry_.close();
  apply_all();
  return promise;
}

caf::result<durability> sql_queue_state::persist(uint64_t seq) {
  seq = std::min(seq, accepted_);
  if (ready_ && seq <= synced_)
    return durability::disk;
  if (persists_.size() >= persists_max)
    return caf::make_error(ec::overloaded, "too many requests wait for the disk");
  auto promise = detail::owe<durability>(self_);
  persists_.add(seq, promise, durability::disk);
  due_ = std::max(due_, seq);
  apply_if_due();
  return promise;
}

// -- applying ---------------------------------------------------------------------

void sql_queue_state::on_tick(uint64_t generation) {
  if (window_.ends(self_, generation))
    apply_all();
}

void sql_queue_state::on_retry(uint64_t generation) {
  if (retry_.ends<atom::retry>(self_, generation))
    apply_if_due();
}

void sql_queue_state::apply_all() {
  due_ = accepted_;
  apply_if_due();
}

void sql_queue_state::apply_if_due() {
  if (in_flight_ || retry_.is_open())
    return;
  if (!ready_)
    send({id_, 0, {}, durability::ram}); // the answer tells the mark
  else if (is_due() || wants_sync() || std::exchange(recheck_, false))
    send(next_batch());
  else if (waiting_.empty())
    end_troubles();
}

bool sql_queue_state::is_due() const {
  return !waiting_.empty() && waiting_.front().what.seq <= due_;
}

/// Whether somebody waits for a sync of what is committed already.
bool sql_queue_state::wants_sync() const {
  return synced_ < applied_ && (stopping_ || persists_.any_up_to(applied_));
}

sql_batch sql_queue_state::next_batch() {
  look_after_spool();
  adopt_id();
  sql_batch batch{id_, held_, {}, durability::ram};
  auto replays = !waiting_.empty() && waiting_.front().restored;
  if (replays && !proven_) {
    batch.level = durability::disk; // of nothing: it is committed all the same
    return batch;
  }
  if (replays)
    begin_replay(waiting_.front());
  else
    end_replay();
  auto writes_max = careful_ > 0 ? size_t{1} : config_.batch_writes_max;
  careful_ -= careful_ > 0 ? 1 : 0;
  size_t bytes = 0;
  for (const auto& x : waiting_) {
    bytes += x.bytes;
    if (!batch.writes.empty()
        && (batch.writes.size() >= writes_max || bytes > config_.batch_bytes_max))
      break;
    batch.writes.push_back(x.what);
  }
  auto last = batch.writes.empty() ? applied_ : batch.writes.back().seq;
  due_ = std::max(due_, last);
  if (batch.writes.size() == waiting_.size())
    window_.close();
  if (stopping_ || persists_.any_up_to(last))
    batch.level = durability::disk;
  return batch;
}

void sql_queue_state::send(sql_batch batch) {
  in_flight_ = true;
  self_->request(database_, caf::infinite, atom::apply_v, std::move(batch))
    .then([this](const sql_batch_outcome& outcome) { on_outcome(outcome); },
          [this](const caf::error& err) {
            in_flight_ = false;
            on_failed(code_of(err), text_of(err));
          });
}

void sql_queue_state::on_outcome(const sql_batch_outcome& outcome) {
  in_flight_ = false;
  stats_.dead_letters += outcome.dead_letters;
  if (outcome.dead_letters > 0)
    look_at_letters();
  if (!outcome.mark.database.empty())
    database_id_ = outcome.mark.database;
  auto known = outcome.code == ec::none;
  proven_ = known && ready_;
  if (!ready_ && known)
    restore(outcome.mark);
  else if (ready_ && outcome.mark.seq < held_)
    fall_back(outcome.mark);
  else if (ready_)
    on_applied(outcome.mark.seq);
  if (known && outcome.level == durability::disk)
    note_on_disk(applied_);
  if (!known)
    return on_failed(outcome.code, outcome.detail);
  end_troubles();
  pause_.reset();
  flushes_.reached(applied_);
  persists_.reached(synced_);
  apply_if_due();
  finish_if_drained();
}

void sql_queue_state::on_applied(uint64_t seq) {
  held_ = seq;
  while (!waiting_.empty() && waiting_.front().what.seq <= seq) {
    bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }
  if (seq <= applied_)
    return;
  applied_ = seq;
  if (config_.spool)
    config_.spool->written(lane_, seq);
  note_on_disk(held_on_disk_);
}

void sql_queue_state::note_on_disk(uint64_t seq) {
  auto synced = std::min(seq, applied_);
  if (synced <= synced_)
    return;
  synced_ = synced;
  if (config_.spool)
    config_.spool->released(lane_, synced_);
  persists_.reached(synced_);
}

void sql_queue_state::on_failed(ec code, const std::string& detail) {
  ++failures_;
  proven_ = false;
  pause_replay();
  auto disk = code == ec::disk_full || code == ec::disk_failed;
  (disk ? disk_trouble_ : blocked_).note("queued SQL waits for its database: " + detail);
  (disk ? blocked_ : disk_trouble_).clear();
  flushes_.fail(caf::make_error(code, detail));
  if (stopping_ && (config_.spool || waiting_.empty()))
    return finish(detail);
  retry_.open<atom::retry>(self_, pause_.next());
}

// -- what others bring about ------------------------------------------------------

void sql_queue_state::on_synced(const queue_mark& mark) {
  if (mark.spool != id_ || !ready_)
    return;
  held_on_disk_ = std::max(held_on_disk_, mark.seq);
  note_on_disk(mark.seq >= held_ ? applied_ : mark.seq);
  finish_if_drained();
}

void sql_queue_state::on_recovered(const queue_mark& mark) {
  if (mark.spool != id_ || !ready_)
    return;
  if (in_flight_)
    recheck_ = true; // its answer may be older than this
  else if (mark.seq < held_)
    fall_back(mark);
  apply_if_due();
}

// -- ending -----------------------------------------------------------------------

caf::result<stop_report> sql_queue_state::stop() {
  auto promise = detail::owe<stop_report>(self_);
  stopping_ = promise;
  applied_before_stop_ = applied_;
  retry_.close();
  apply_all();
  finish_if_drained();
  return promise;
}

void sql_queue_state::finish_if_drained() {
  if (stopping_ && ready_ && !in_flight_ && waiting_.empty() && !wants_sync())
    finish("");
}

void sql_queue_state::finish(const std::string& detail) {
  auto reason = caf::make_error(ec::stopping, "the queue was closed");
  flushes_.fail(reason);
  persists_.fail(reason);
  stop_report report;
  report.name = name;
  report.drained = applied_ - applied_before_stop_;
  report.left = waiting_.size();
  report.detail = detail;
  end_replay();
  stopping_->deliver(std::move(report));
  self_->quit();
}

// -- the actor --------------------------------------------------------------------

sql_queue_actor::behavior_type
sql_queue(sql_queue_actor::stateful_pointer<sql_queue_state> self,
          sql_queue_config config, database_actor database) {
  auto* st = &self->state;
  st->init(std::move(config), std::move(database));
  return {
    [st](atom::append, queue_request& x) { return st->append(x); },
    [st](atom::flush) { return st->flush(); },
    [st](atom::persist, uint64_t seq) { return st->persist(seq); },
    [st](atom::stats) { return st->stats(); },
    [st](atom::tick, uint64_t generation) { st->on_tick(generation); },
    [st](atom::retry, uint64_t generation) { st->on_retry(generation); },
    [st](atom::sync, const queue_mark& mark) { st->on_synced(mark); },
    [st](atom::recover, const queue_mark& mark) { st->on_recovered(mark); },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice

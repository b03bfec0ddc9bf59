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
  const auto seq = progress_.accepted() + 1;
  auto level = keep(x, seq);
  if (!level)
    return std::move(level.error());
  progress_.accept();
  ++stats_.accepted;
  bytes_ += bytes;
  auto charge = *level == durability::memory ? std::move(x.charge) : credit{};
  shared_write write{std::make_shared<const sql_write>(std::move(x.write))};
  const auto now = self_->clock().now();
  waiting_.push_back({{seq, std::move(write)}, bytes, std::move(charge), now});
  flight_.add(seq, now, config_.interval);
  if (lane_ ? !lane_.has_room() : bytes_ >= config_.bytes_max / 2)
    flight_.want(seq);
  apply_if_due();
  return queue_receipt{seq, *level};
}

/// Brings a write into the spool, if there is one; returns the level reached.
caf::expected<durability> sql_queue_state::keep(const queue_request& x, uint64_t seq) {
  const auto record = lane_ ? encode(x.write, database_id_) : std::string{};
  auto level = lane_.take(seq, 1, record, x.at_least, self_->clock().now());
  if (!level && code_of(level.error()) != ec::unavailable)
    apply_all(); // what is applied gives way
  return level;
}

caf::result<flush_report> sql_queue_state::flush() {
  if (ready_ && progress_.unwritten() == 0)
    return flush_report{};
  auto answer = progress_.await(self_, durability::ram, progress_.accepted(),
                                flush_report{progress_.unwritten()});
  flight_.end_pause();
  apply_all();
  return answer;
}

caf::result<durability> sql_queue_state::persist(uint64_t seq) {
  seq = std::min(seq, progress_.accepted());
  if (ready_ && seq <= progress_.synced())
    return durability::disk;
  auto answer = progress_.await(self_, durability::disk, seq, durability::disk);
  flight_.want(seq);
  apply_if_due();
  return answer;
}

// -- applying ---------------------------------------------------------------------

void sql_queue_state::on_tick(uint64_t generation) {
  if (alarm_.rings(generation))
    apply_if_due();
}

void sql_queue_state::apply_all() {
  flight_.want(progress_.accepted());
  apply_if_due();
}

void sql_queue_state::apply_if_due() {
  flight_.look(self_->clock().now());
  if (flight_.is_free())
    apply_next();
  alarm_.set(self_, flight_.next_look());
}

void sql_queue_state::apply_next() {
  if (!ready_)
    send({id_, 0, {}, durability::ram}); // the answer tells the mark
  else if (flight_.is_due() || wants_sync() || std::exchange(recheck_, false))
    send(next_batch());
  else if (waiting_.empty())
    end_troubles();
}

/// Whether somebody waits for a sync of what is committed already.
bool sql_queue_state::wants_sync() const {
  const auto applied = progress_.written();
  return progress_.synced() < applied && (stopping_ || progress_.wants_sync(applied));
}

sql_batch sql_queue_state::next_batch() {
  lane_.look_after();
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
  if (stopping_ || progress_.wants_sync(last_of(batch)))
    batch.level = durability::disk;
  return batch;
}

/// Up to which number all is applied once the batch is.
uint64_t sql_queue_state::last_of(const sql_batch& batch) const {
  return batch.writes.empty() ? progress_.written() : batch.writes.back().seq;
}

void sql_queue_state::send(sql_batch batch) {
  flight_.begin(last_of(batch));
  self_->request(database_, caf::infinite, atom::apply_v, std::move(batch))
    .then([this](const sql_batch_outcome& outcome) { on_outcome(outcome); },
          [this](const caf::error& err) { on_failed(code_of(err), text_of(err)); });
}

void sql_queue_state::on_outcome(const sql_batch_outcome& outcome) {
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
    note_on_disk(progress_.written());
  if (!known)
    return on_failed(outcome.code, outcome.detail);
  flight_.landed(progress_.written());
  end_troubles();
  apply_if_due();
  finish_if_drained();
}

void sql_queue_state::on_applied(uint64_t seq) {
  held_ = seq;
  while (!waiting_.empty() && waiting_.front().what.seq <= seq) {
    bytes_ -= waiting_.front().bytes;
    waiting_.pop_front();
  }
  // Of what the spool held some may have been left to another database.
  const auto applied =
    waiting_.empty() ? progress_.accepted() : waiting_.front().what.seq - 1;
  if (applied <= progress_.written())
    return;
  lane_.written(applied);
  progress_.wrote(applied);
  flight_.resume(applied, progress_.accepted());
  note_on_disk(held_on_disk_);
}

void sql_queue_state::note_on_disk(uint64_t seq) {
  const auto before = progress_.synced();
  progress_.sync(seq);
  if (progress_.synced() > before)
    lane_.released(progress_.synced());
}

void sql_queue_state::on_failed(ec code, const std::string& detail) {
  ++failures_;
  flight_.failed(self_->clock().now());
  proven_ = false;
  pause_replay();
  auto disk = code == ec::disk_full || code == ec::disk_failed;
  (disk ? disk_trouble_ : blocked_).note("queued SQL waits for its database: " + detail);
  (disk ? blocked_ : disk_trouble_).clear();
  progress_.fail(durability::ram, caf::make_error(code, detail));
  if (stopping_ && (lane_ || waiting_.empty()))
    return finish(detail);
  apply_if_due();
}

// -- what others bring about ------------------------------------------------------

void sql_queue_state::on_synced(const queue_mark& mark) {
  if (mark.spool != id_ || !ready_)
    return;
  held_on_disk_ = std::max(held_on_disk_, mark.seq);
  note_on_disk(mark.seq >= held_ ? progress_.written() : mark.seq);
  finish_if_drained();
}

void sql_queue_state::on_recovered(const queue_mark& mark) {
  if (mark.spool != id_ || !ready_)
    return;
  if (flight_.is_under_way())
    recheck_ = true; // its answer may be older than this
  else if (mark.seq < held_)
    fall_back(mark);
  apply_if_due();
}

// -- ending -----------------------------------------------------------------------

caf::result<stop_report> sql_queue_state::stop() {
  auto promise = detail::owe<stop_report>(self_);
  stopping_ = promise;
  applied_before_stop_ = progress_.written();
  flight_.end_pause();
  apply_all();
  finish_if_drained();
  return promise;
}

void sql_queue_state::finish_if_drained() {
  if (stopping_ && ready_ && !flight_.is_under_way() && waiting_.empty() && !wants_sync())
    finish("");
}

void sql_queue_state::finish(const std::string& detail) {
  progress_.fail(caf::make_error(ec::stopping, "the queue was closed"));
  stop_report report;
  report.name = name;
  report.drained = progress_.written() - applied_before_stop_;
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
    [st](atom::sync, const queue_mark& mark) { st->on_synced(mark); },
    [st](atom::recover, const queue_mark& mark) { st->on_recovered(mark); },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice

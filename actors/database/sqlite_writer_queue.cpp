// The writer's part in the queue: it applies batches, and tells what of the queue is on
// disk, whoever's commit or checkpoint brought it there; and what a recovery has left of
// it and of the sessions.
#include "actors/database/queue_commit.hpp"
#include "actors/database/queue_marks.hpp"
#include "actors/database/sqlite_writer.hpp"

#include <utility>

namespace sluice {

namespace {

/// So long others wait at most for a batch, beyond one write that takes longer by itself.
constexpr caf::timespan batch_time_max = std::chrono::milliseconds{250};

/// A batch of which nothing counts as applied.
sql_batch_outcome untouched(const sql_batch& batch, const caf::error& why) {
  sql_batch_outcome outcome;
  outcome.mark = {{}, batch.spool, batch.after};
  outcome.code = code_of(why);
  outcome.detail = text_of(why);
  return outcome;
}

} // namespace

/// Whoever came before the batch does not wait for it.
caf::result<sql_batch_outcome> sqlite_writer_state::apply(const sql_batch& batch) {
  commit_group();
  if (auto outcome = try_apply(batch))
    return std::move(*outcome);
  if (reopening_failed_)
    return untouched(batch, files_error());
  held_batch_ = held_batch{batch, detail::owe<sql_batch_outcome>(self_)};
  return held_batch_->promise;
}

/// Applies the batch, or returns none: the files are not ours, and the mark in those that
/// are there now will tell what is to be applied.
std::optional<sql_batch_outcome> sqlite_writer_state::try_apply(const sql_batch& batch) {
  if (!has_its_files())
    return std::nullopt;
  if (!db_.is_open())
    return untouched(batch, caf::make_error(ec::unavailable, "the database is not open"));
  if (auto full = make_room_in_wal())
    return untouched(batch, full);
  write_transaction work{db_, schema_, commit_cfg_, stats_.suspect};
  auto outcome = queue_commit{work, refused_, batch_time_max}.run(batch);
  if (!has_its_files())
    return std::nullopt;
  queue_ = outcome.mark;
  asked(outcome.writes, outcome.bytes);
  counts_.queries += outcome.statements;
  spent(refused_.take());
  settle(work);
  return outcome;
}

void sqlite_writer_state::let_batch_go() {
  auto held = std::exchange(held_batch_, {});
  if (!held)
    return;
  std::optional<sql_batch_outcome> outcome;
  if (!reopening_failed_)
    outcome = try_apply(held->batch);
  held->promise.deliver(outcome ? std::move(*outcome)
                                : untouched(held->batch, files_error()));
}

void sqlite_writer_state::attach(queue_listener_actor listener) {
  queue_listeners_.push_back(std::move(listener));
}

/// Everything committed so far is on disk.
void sqlite_writer_state::tell_synced() {
  if (stats_.suspect || queue_.seq == 0 || queue_ == queue_on_disk_)
    return;
  queue_on_disk_ = queue_;
  for (auto& listener : queue_listeners_)
    self_->send(listener, atom::sync_v, queue_);
}

/// The database may hold less than was committed: what it lost must be applied again.
void sqlite_writer_state::tell_recovered() {
  if (queue_.spool.empty())
    return;
  auto mark = read_mark(db_, queue_.spool);
  if (!mark) {
    note(std::move(mark.error()));
    return;
  }
  queue_ = std::move(*mark);
  queue_on_disk_ = {};
  refused_.forget();
  for (auto& listener : queue_listeners_)
    self_->send(listener, atom::recover_v, queue_);
  tell_synced();
}

void sqlite_writer_state::attach(session_listener_actor listener) {
  session_listeners_.push_back(std::move(listener));
}

/// Told before anything else is committed, so that no newer mark hides what is lost.
void sqlite_writer_state::tell_sessions() {
  if (session_listeners_.empty())
    return;
  auto marks = read_session_marks(db_);
  if (!marks) {
    note(std::move(marks.error()));
    return;
  }
  for (auto& listener : session_listeners_)
    self_->send(listener, atom::recover_v, *marks);
}

} // namespace sluice

#include "actors/database/database.hpp"

#include "actors/detail/last_words.hpp"

#include <type_traits>
#include <utility>

namespace sluice {

void database_state::init(database_config cfg, database_handles handles) {
  cfg_ = std::move(cfg);
  writer_ = std::move(handles.writer);
  scheduler_ = std::move(handles.scheduler);
  readers_.emplace(self_, cfg_.readers, handles.readers, [this] { on_end(); });
  const auto& past = cfg_.past;
  statements_ = past.queries;
  transactions_ = past.transactions;
  writer_stats_.commits = past.commits;
  writer_stats_.checkpoints = past.checkpoints;
  writer_stats_.last_checkpoint_at_ms = past.last_checkpoint_at_ms;
  writer_stats_.cache_hits = past.cache_hits;
  writer_stats_.cache_misses = past.cache_misses;
  self_->send(writer_, atom::attach_v, sync_listener_actor{self_});
  self_->send(writer_, atom::attach_v, files_listener_actor{self_});
  self_->send(scheduler_, atom::attach_v, quiet_checkpointer_actor{self_});
}

database_state::~database_state() {
  detail::say_at_last(self_, [this] {
    if (!cfg_.heir || !readers_)
      return;
    cfg_.past.queries = statements_ + readers_->queries();
    cfg_.past.transactions = transactions_;
    self_->send(cfg_.heir, atom::retire_v, cfg_.past);
  });
}

// -- requests -------------------------------------------------------------------

caf::result<sql_result> database_state::query(sql_statement& x, sql_origin origin) {
  if (stopping_)
    return ec::stopping;
  look_at_files();
  return readers_->query(x, origin);
}

caf::result<sql_receipt> database_state::execute(sql_write& write, durability level) {
  auto by_user = write.origin == sql_origin::user;
  auto n = write.rows.empty() ? write.statements.size() : write.rows.size();
  auto count = [this, by_user, n](const sql_receipt&) {
    statements_ += by_user ? n : 0;
    transactions_ += by_user ? 1 : 0;
    stop_report_.drained += stopping_ ? 1 : 0;
  };
  return relay<sql_receipt>(writer_, count, atom::execute_v, std::move(write), level);
}

caf::result<sql_batch_outcome> database_state::apply(sql_batch& batch) {
  auto done = [this](const sql_batch_outcome& x) {
    statements_ += x.statements;
    transactions_ += x.writes;
    if (x.code == ec::disk_failed)
      begin_recovery(x.detail);
  };
  return relay<sql_batch_outcome>(writer_, done, atom::apply_v, std::move(batch));
}

caf::result<checkpoint_report> database_state::checkpoint(checkpoint_mode mode) {
  auto ask = [this, mode](detail::owed<checkpoint_report> all) {
    relay_for(
      std::move(all), scheduler_, [](auto&) {}, atom::checkpoint_v, mode);
  };
  return checkpoints_.try_emplace(mode, ask).first->second.put(self_);
}

caf::result<maintenance_report> database_state::maintain(maintenance_kind kind) {
  auto ask = [this, kind](detail::owed<maintenance_report> all) {
    relay_for(
      std::move(all), writer_, [](auto&) {}, atom::maintain_v, kind);
  };
  return care_.try_emplace(kind, ask).first->second.put(self_);
}

template <class Answer, class Handle, class Done, class... Args>
caf::result<Answer> database_state::relay(const Handle& to, Done done, Args&&... args) {
  auto promise = detail::owe<Answer>(self_);
  relay_for(promise, to, std::move(done), std::forward<Args>(args)...);
  return promise;
}

/// Asks without a timeout, and hands the answer over, with an eye on I/O errors.
template <class Answer, class Handle, class Done, class... Args>
void database_state::relay_for(detail::owed<Answer> promise, const Handle& to, Done done,
                               Args&&... args) {
  if (stopping_)
    return promise.deliver(caf::make_error(ec::stopping));
  constexpr bool is_care = std::is_same_v<Answer, maintenance_report>;
  if (relayed_++ == 0)
    heard();
  maintaining_ += is_care ? 1 : 0;
  auto over = [this] {
    --relayed_;
    maintaining_ -= is_care ? 1 : 0;
    heard();
  };
  self_->request(to, caf::infinite, std::forward<Args>(args)...)
    .then(
      [this, promise, done, over](Answer& answer) mutable {
        over();
        done(answer);
        promise.deliver(std::move(answer));
        on_end();
      },
      [this, promise, over](const caf::error& err) mutable {
        over();
        note(err);
        promise.deliver(err);
        on_end();
      });
}

void database_state::note(const caf::error& err) {
  if (code_of(err) == ec::disk_failed)
    begin_recovery(text_of(err));
}

/// Something was answered: whatever waits for quiet may go on.
void database_state::on_end() {
  continue_quiet();
  continue_recovery();
  continue_stop();
}

// -- numbers --------------------------------------------------------------------

caf::result<database_stats> database_state::stats() {
  auto promise = detail::owe<database_stats>(self_);
  self_->request(writer_, cfg_.stats_patience, atom::stats_v)
    .then(
      [this, promise](const sqlite_writer_stats& now) mutable {
        writer_stats_ = now;
        promise.deliver(stats_with(now));
        if (now.suspect)
          begin_recovery("the writer met an I/O error");
      },
      [this, promise](const caf::error&) mutable { // it is busy, or gone
        promise.deliver(stats_with(writer_stats_));
      });
  return promise;
}

database_stats database_state::stats_with(const sqlite_writer_stats& writer) {
  return {cfg_.type,
          writer,
          statements_ + readers_->queries(),
          transactions_,
          readers_->waiting(),
          readers_->oldest_query_ms()};
}

void database_state::on_sync(bool begins) {
  heard();
  syncing_ = begins;
  if (!begins)
    return sync_watch_.end(self_, sync_);
  sync_ = sync_watch_.begin(self_, "the database");
}

status_report database_state::status() const {
  status_report report;
  report.name = name;
  report.held_bytes = readers_->waiting_bytes();
  report.state = {
    {"queries", static_cast<int64_t>(statements_ + readers_->queries())},
    {"transactions", static_cast<int64_t>(transactions_)},
    {"writesInFlight", static_cast<int64_t>(relayed_)},
    {"runningQueries", static_cast<int64_t>(readers_->running())},
    {"waitingQueries", static_cast<int64_t>(readers_->waiting())},
    {"overloaded", static_cast<int64_t>(readers_->overloaded())},
    {"readersLost", static_cast<int64_t>(readers_->lost())},
    {"readersGivenUp", static_cast<int64_t>(readers_->given_up())},
    {"oldestQueryMs", readers_->oldest_query_ms()},
  };
  report.checks = {
    {"database-sound", !recovery_alert_, recovery_alert_ ? recovery_alert_->text : ""}};
  report.troubles = {{"database-recovering", recoveries_},
                     {"sql-queries-refused", readers_->overloaded()},
                     {"sqlite-reader-lost", readers_->lost()},
                     {"sqlite-reader-given-up", readers_->given_up_ever()}};
  if (recovery_alert_)
    report.alerts.push_back(*recovery_alert_);
  sync_watch_.tell(report);
  tell_silence(report);
  return report;
}

// -- the end --------------------------------------------------------------------

caf::result<stop_report> database_state::stop() {
  if (stopping_)
    return ec::stopping;
  stopping_ = true;
  stop_report_.name = name;
  stopped_ = detail::owe<stop_report>(self_);
  continue_stop();
  return stopped_;
}

/// Once everything is answered: the readers, whose snapshots would keep the last
/// checkpoint from being whole; then the scheduler; the writer last.
void database_state::continue_stop() {
  auto recovering = recovery_ == recovery::draining || recovery_ == recovery::proving;
  auto quiet = !quiet_ && relayed_ == 0 && readers_->running() + readers_->waiting() == 0;
  if (!stopping_ || winding_up_ || recovering || !quiet)
    return;
  winding_up_ = true;
  readers_->stop([this](const stop_report& x) { add(x); }, [this] { stop_scheduler(); });
}

void database_state::stop_scheduler() {
  self_->request(scheduler_, caf::infinite, atom::stop_v)
    .then(
      [this](const stop_report& x) {
        add(x);
        stop_writer();
      },
      [this](const caf::error& err) {
        add("checkpoint-scheduler", err);
        stop_writer();
      });
}

void database_state::stop_writer() {
  self_->request(writer_, caf::infinite, atom::stop_v)
    .then(
      [this](const stop_report& x) {
        add(x);
        finish_stop();
      },
      [this](const caf::error& err) {
        add("sqlite-writer", err);
        finish_stop();
      });
}

void database_state::finish_stop() {
  stopped_.deliver(std::move(stop_report_));
  self_->quit();
}

void database_state::add(const stop_report& x) {
  stop_report_.drained += x.drained;
  stop_report_.left += x.left;
  if (x.detail.empty())
    return;
  if (!stop_report_.detail.empty())
    stop_report_.detail += "; ";
  stop_report_.detail += x.name + ": " + x.detail;
}

void database_state::add(const std::string& who, const caf::error& err) {
  add(stop_report{who, {}, 0, 0, text_of(err)});
}

// -- the actor ------------------------------------------------------------------

database_actor::behavior_type
database(database_actor::stateful_pointer<database_state> self, database_config cfg,
         database_handles handles) {
  auto* st = &self->state;
  st->init(std::move(cfg), std::move(handles));
  return {
    [st](atom::query, sql_statement& x, sql_origin origin) {
      return st->query(x, origin);
    },
    [st](atom::execute, sql_write& write, durability level) {
      return st->execute(write, level);
    },
    [st](atom::apply, sql_batch& batch) { return st->apply(batch); },
    [st](atom::checkpoint, checkpoint_mode mode) { return st->checkpoint(mode); },
    [st](atom::checkpoint, checkpoint_mode mode, caf::timespan budget) {
      return st->checkpoint_in_quiet(mode, budget);
    },
    [st](atom::tick, uint64_t generation) { st->on_patience_over(generation); },
    [st](atom::maintain, maintenance_kind kind) { return st->maintain(kind); },
    [st](atom::stats) { return st->stats(); },
    [st](atom::sync, bool begins) { st->on_sync(begins); },
    [st](atom::replace, const std::string& what) { st->on_replaced(what); },
    [st](atom::recover, const std::string& why) { st->begin_recovery(why); },
    [st](atom::check, uint64_t generation) { st->on_check(generation); },
    [st](atom::recover, uint64_t generation) { st->on_recover(generation); },
    // The writer and the readers tell what they counted themselves.
    [](atom::collect) { return metrics_report{}; },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice

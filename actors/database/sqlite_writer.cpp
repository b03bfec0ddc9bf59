#include "actors/database/sqlite_writer.hpp"

#include "actors/database/group_commit.hpp"
#include "actors/detail/wall_clock.hpp"
#include "actors/storage/sqlite_query.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice {

// -- opening --------------------------------------------------------------------

void sqlite_writer_state::init(sqlite_writer_config cfg,
                               metrics_aggregator_actor metrics) {
  cfg_ = std::move(cfg);
  commit_cfg_ = {
    cfg_.database.wal, cfg_.database.synchronous,
    sqlite::bounds_of(cfg_.database, cfg_.query_timeout, cfg_.max_result_bytes),
    cfg_.max_result_bytes};
  refused_ = dead_letters{cfg_.refused};
  metrics_ = std::move(metrics);
  window_.emplace(self_, cfg_.window);
}

caf::expected<sqlite_opened> sqlite_writer_state::open() {
  if (db_.is_open())
    return stats_.opened;
  auto opened = sqlite::open_writer(db_, cfg_.database);
  if (!opened)
    return note(std::move(opened.error()));
  stats_.opened = *opened;
  look_at_schema();
  wal_.opened(db_, files_, cfg_.database.path);
  watch_files();
  tell_wal();
  return stats_.opened;
}

// -- writes ---------------------------------------------------------------------

caf::result<sql_receipt> sqlite_writer_state::execute(sql_write& write,
                                                      durability level) {
  if (!db_.is_open())
    return replaced_ ? files_error()
                     : caf::make_error(ec::unavailable, "the database is not open");
  auto promise = detail::owe<sql_receipt>(self_);
  if (window_->add({std::move(write), level, ec::unavailable, promise}))
    commit_group();
  return promise;
}

void sqlite_writer_state::on_commit(uint64_t generation) {
  if (window_->ends(generation))
    commit_group();
}

/// Commits what has been collected; returns how many writes are committed.
uint64_t sqlite_writer_state::commit_group() {
  return commit(window_->take());
}

uint64_t sqlite_writer_state::commit(std::vector<write_request> group) {
  if (group.empty())
    return 0;
  if (!has_its_files()) {
    hold(std::move(group));
    return 0;
  }
  write_transaction work{db_, schema_, commit_cfg_, stats_.suspect};
  if (auto full = make_room_in_wal())
    for (auto& x : group)
      x.outcome = full;
  else if (db_.is_open())
    group_commit{work}.run(group);
  if (!has_its_files()) { // it is not known yet what became of it
    std::move(group.begin(), group.end(), std::back_inserter(unsure_));
    return 0;
  }
  for (const auto& x : group)
    count(x);
  last_group_ = group.size();
  settle(work);
  window_->answering(group.size());
  for (auto& x : group)
    answer(x);
  return static_cast<uint64_t>(
    std::count_if(group.begin(), group.end(), [](auto& x) { return bool{x.outcome}; }));
}

void sqlite_writer_state::answer(write_request& x) {
  if (x.outcome)
    x.promise.deliver(std::move(*x.outcome));
  else
    x.promise.deliver(std::move(x.outcome.error()));
}

/// Tells everybody what the commits changed, before anybody is answered.
void sqlite_writer_state::settle(const write_transaction& done) {
  stats_.commits += done.commits();
  counts_.commits += done.commits();
  if (!done.failure().empty())
    suspect(done.failure());
  if (done.is_on_disk())
    tell_synced();
  tell_wal();
  report_counts();
}

void sqlite_writer_state::count(const write_request& x) {
  if (!x.outcome || x.write.origin != sql_origin::user)
    return;
  asked(1, sqlite::size_of(x.write));
  counts_.queries +=
    x.write.rows.empty() ? x.write.statements.size() : x.write.rows.size();
}

// -- the WAL --------------------------------------------------------------------

caf::expected<checkpoint_report> sqlite_writer_state::checkpoint(checkpoint_mode mode,
                                                                 caf::timespan budget) {
  if (!has_its_files())
    return files_error();
  if (!db_.is_open())
    return caf::make_error(ec::unavailable, "the database is not open");
  // With `off`, a checkpoint would sync nothing, and a later `disk` would be a lie.
  auto unsynced = cfg_.database.synchronous == "off";
  if (unsynced)
    if (auto err = sqlite::set_synchronous(db_, "normal"))
      return note(std::move(err));
  db_.wait_for_locks(budget);
  auto report = db_.checkpoint(mode);
  db_.wait_for_locks(cfg_.database.busy_timeout);
  if (unsynced)
    note(sqlite::set_synchronous(db_, "off"));
  if (!report)
    return note(std::move(report.error()));
  if (!has_its_files())
    return files_error();
  // What is moved is synced; what was moved before was synced then.
  auto whole = report->wal_frames >= 0 && report->wal_frames == report->checkpointed;
  if (cfg_.database.wal && !report->busy && whole)
    tell_synced();
  wal_.checkpointed(*report);
  ++stats_.checkpoints;
  stats_.last_checkpoint_at_ms = detail::wall_clock_ms();
  tell_wal();
  report_counts();
  return report;
}

/// A WAL that is too long is cut before anything comes to it. Somebody who reads may keep
/// it from that: the scheduler holds our own readers back, but not other programs.
caf::error sqlite_writer_state::make_room_in_wal() {
  const auto max = static_cast<int64_t>(cfg_.database.wal_bytes_max);
  if (wal_.state().bytes > max)
    if (auto done = checkpoint(checkpoint_mode::truncate, caf::timespan{0}); !done)
      return std::move(done.error());
  if (wal_.state().bytes <= max) {
    wal_full_.clear();
    return caf::none;
  }
  auto text =
    cfg_.database.path + "-wal holds " + std::to_string(wal_.state().bytes)
    + " bytes, more than sqlite.max-wal-bytes=" + std::to_string(max)
    + ", and somebody who reads keeps it from being cut: nothing is written until then";
  wal_full_.note(text);
  return caf::make_error(ec::disk_full, std::move(text));
}

void sqlite_writer_state::attach(wal_listener_actor listener) {
  self_->send(listener, atom::wal_v, wal_.state());
  listeners_.push_back(std::move(listener));
}

/// Told from within the sync, since this actor does nothing else meanwhile.
void sqlite_writer_state::attach(const sync_listener_actor& listener) {
  files_.on_sync(
    [this, listener](bool begins) { self_->send(listener, atom::sync_v, begins); });
}

void sqlite_writer_state::tell_wal() {
  wal_.committed(db_, files_);
  if (wal_.state() == stats_.wal)
    return;
  stats_.wal = wal_.state();
  for (auto& listener : listeners_)
    self_->send(listener, atom::wal_v, stats_.wal);
}

// -- the end --------------------------------------------------------------------

stop_report sqlite_writer_state::stop() {
  stop_report report;
  report.name = name;
  report.drained = commit_group();
  if (!has_its_files()) {
    save_replaced();
    let_go(false);
    report.detail = replaced_alert_->text;
  } else if (db_.is_open()) {
    if (auto err = finish())
      report.detail = text_of(err);
  }
  db_.close();
  report_counts();
  files_.on_sync([](bool) {});
  listeners_.clear();
  files_listeners_.clear();
  queue_listeners_.clear();
  session_listeners_.clear();
  self_->quit();
  return report;
}

/// Brings what is committed to disk.
caf::error sqlite_writer_state::finish() {
  auto done = checkpoint(checkpoint_mode::truncate, cfg_.checkpoint_budget);
  if (done && !done->busy && cfg_.database.wal)
    return caf::none;
  // Somebody reads, or there is no WAL: what is committed is synced where it is.
  if (stats_.commits == 0)
    return done ? caf::error{} : std::move(done.error());
  write_transaction last{db_, schema_, commit_cfg_, stats_.suspect};
  auto err = last.sync();
  settle(last);
  return err;
}

// -- the actor ------------------------------------------------------------------

sqlite_writer_actor::behavior_type
sqlite_writer(sqlite_writer_actor::stateful_pointer<sqlite_writer_state> self,
              sqlite_writer_config cfg, metrics_aggregator_actor metrics) {
  auto* st = &self->state;
  st->init(std::move(cfg), std::move(metrics));
  return {
    [st](atom::open) { return st->open(); },
    [st](atom::execute, sql_write& write, durability level) {
      return st->execute(write, level);
    },
    [st](atom::apply, const sql_batch& batch) { return st->apply(batch); },
    [st](atom::checkpoint, checkpoint_mode mode, caf::timespan budget) {
      return st->checkpoint(mode, budget);
    },
    [st](atom::maintain, maintenance_kind kind) { return st->maintain(kind); },
    [st](atom::check) { return st->has_its_files(); },
    [st](atom::recover) { return st->recover(); },
    [st](atom::attach, wal_listener_actor& listener) { st->attach(std::move(listener)); },
    [st](atom::attach, const sync_listener_actor& x) { st->attach(x); },
    [st](atom::attach, files_listener_actor& x) { st->attach(std::move(x)); },
    [st](atom::attach, queue_listener_actor& x) { st->attach(std::move(x)); },
    [st](atom::attach, session_listener_actor& x) { st->attach(std::move(x)); },
    [st](atom::stats) { return st->stats(); },
    [st](atom::commit, uint64_t generation) { st->on_commit(generation); },
    [st](atom::collect) { return st->collect(); },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice

// How unwritten sessions reach the session store: one flush of a store at a time, at
// the window's end or before, and again until it is good.

#include "actors/session/session_debouncer.hpp"

#include <algorithm>
#include <iterator>
#include <memory>

namespace sluice {

namespace {

/// A flush of one store or all, answered when the last of them is.
struct full_flush {
  detail::owed<flush_report> rp;
  uint64_t flushed = 0;
  size_t open = 1;
  caf::error failure;

  void close_one() {
    if (--open > 0)
      return;
    if (failure)
      rp.deliver(failure);
    else
      rp.deliver(flush_report{flushed});
  }
};

} // namespace

// -- requests ----------------------------------------------------------------------

uint64_t
session_debouncer_state::wait_for_write(store_line& line, durability level,
                                        std::function<void(const caf::error&)> done) {
  auto& sessions = line.sessions;
  auto documents = sessions.waiting().size() + sessions.in_flight().size();
  if (documents == 0 && sessions.reached(sessions.last_seq(), level)) {
    done({});
    return 0;
  }
  line.waiters.push_back({sessions.last_seq(), level, std::move(done), false});
  if (!line.busy)
    launch(line);
  return documents;
}

caf::result<flush_report> session_debouncer_state::flush(caf::optional<std::string> only,
                                                         durability level) {
  auto all = std::make_shared<full_flush>();
  all->rp = detail::owe<flush_report>(self_);
  auto rp = all->rp;
  auto run = [this, all, only, level] {
    for (auto& [store, line] : lines_) {
      if (only && *only != store)
        continue;
      ++all->open;
      all->flushed += wait_for_write(line, level, [all](const caf::error& err) {
        if (err)
          all->failure = err;
        all->close_one();
      });
    }
    for (auto& [store, unread] : unread_)
      if (!only && left_in_spool(store) > 0)
        all->failure = unread.problem;
    all->close_one();
    return true;
  };
  held_request request{run, [rp](const caf::error& err) mutable { rp.deliver(err); }};
  if (only)
    with_store(*only, std::move(request));
  else
    with_totals(std::move(request));
  return rp;
}

caf::result<durability> session_debouncer_state::persist(const std::string& store,
                                                         uint64_t seq, durability level) {
  if (level == durability::memory)
    return level;
  auto rp = detail::owe<durability>(self_);
  auto done = [rp, level](const caf::error& err) mutable {
    if (err)
      rp.deliver(err);
    else
      rp.deliver(level);
  };
  auto run = [this, store, seq, level, done]() mutable {
    auto* line = find_line(store);
    if (!line && level == durability::disk && !config_.spool) {
      sync_emptied(store, done);
      return true;
    }
    if (!line || has_reached(*line, seq, level)) {
      done({});
      return true;
    }
    seq = std::min(seq, line->sessions.last_seq());
    line->waiters.push_back({seq, level, done, false});
    if (!line->busy)
      launch(*line);
    return true;
  };
  with_store(store, {run, done});
  return rp;
}

/// What an earlier run removed has left no session and, without a spool, no number.
void session_debouncer_state::sync_emptied(const std::string& store,
                                           std::function<void(const caf::error&)> done) {
  self_
    ->request(store_, caf::infinite, atom::apply_v, session_changes{store, {}, {}},
              durability::disk)
    .then([done](const session_applied&) { done({}); },
          [done](const caf::error& err) { done(err); });
}

bool session_debouncer_state::has_reached(const store_line& line, uint64_t seq,
                                          durability level) const {
  auto kept = level == durability::ram && line.lane.available();
  return line.sessions.reached(seq, level) || (kept && line.sessions.survives(seq));
}

// -- flushes -----------------------------------------------------------------------

void session_debouncer_state::schedule(store_line& line) {
  auto waiting = line.sessions.waiting().size();
  auto retry_runs = line.failures > 0 && !line.busy;
  if (waiting == 0 || retry_runs)
    return;
  auto early = waiting >= config_.max_pending && !windows_suffice();
  if (!config_.debounced || early)
    launch(line);
  else
    line.window.open(self_, config_.debounce, line.sessions.name());
}

void session_debouncer_state::on_tick(const std::string& store, uint64_t generation) {
  if (auto* line = find_line(store); line && line->window.ends(self_, generation, store))
    launch(*line);
}

void session_debouncer_state::on_retry(const std::string& store, uint64_t generation) {
  retry_unread(store, generation);
  if (store.empty() && totals_retry_.ends<atom::retry>(self_, generation, store))
    ask_totals();
  if (auto* line = find_line(store); line && line->retry.wakes(self_, generation, store))
    try_again(*line);
}

/// What is unwritten goes first: no round of maintenance holds it up.
void session_debouncer_state::try_again(store_line& line) {
  if (line.retry.flush.is_due(self_->clock().now()))
    launch(line);
  else if (maintenance_due(line))
    maintain(line);
  arm_retry(line);
}

void session_debouncer_state::arm_retry(store_line& line) {
  line.retry.arm(self_, line.sessions.name());
}

void session_debouncer_state::launch(store_line& line) {
  if (line.busy) {
    line.due = true;
    return;
  }
  line.busy = true;
  line.due = false;
  line.window.close();
  line.retry.flush.begun();
  // What failed to sync is proven by a sync.
  auto level = line.failures > 0 ? line.failed_level : durability::ram;
  for (auto& waiter : line.waiters) {
    waiter.tried = true;
    level = std::max(level, waiter.level);
  }
  line.lane.look_after();
  auto changes = line.sessions.take_off();
  changes.mark = line.lane.mark(line.sessions.flight_seq());
  if (level == durability::disk)
    line.lane.doubt(line.sessions.flight_seq(), false);
  self_->request(store_, caf::infinite, atom::apply_v, std::move(changes), level)
    .then([this, &line](const session_applied& applied) { landed(line, applied); },
          [this, &line, level](const caf::error& err) { turned_back(line, err, level); });
}

void session_debouncer_state::landed(store_line& line, const session_applied& applied) {
  auto now = self_->clock().now();
  line.known = true;
  auto written = line.sessions.land(applied);
  // What the store lost before must not be let go with what it has got since.
  if (!line.lost_after)
    line.lane.landed(line.sessions.committed_seq(), applied.level);
  auto& store = line.sessions.name();
  for (auto& [key, x] : written) {
    if (!line.whole_waiters.empty())
      line.written_meanwhile[key] = x.erased ? caf::optional<std::string>{} : x.document;
    if (x.erased)
      cache_.erase(store, key);
    else
      cache_.put(store, key, std::move(x.document), now);
  }
  auto equal = written.size() - std::min<uint64_t>(applied.written, written.size());
  config_.totals->total_writes += written.size() - equal;
  untold_.session_writes += written.size() - equal;
  config_.totals->total_coalesced += equal;
  untold_.session_coalesced += equal;
  if (!stopping_.empty())
    drained_ += written.size();
  line.failures = 0;
  line.retry.flush.succeeded();
  line.busy = false;
  report_counts();
  if (line.lost_after)
    bring_back(line);
  answer_waiters(line);
  note_excess(line);
  after_flight(line);
}

void session_debouncer_state::turned_back(store_line& line, const caf::error& err,
                                          durability level) {
  if (line.lane && code_of(err) == ec::disk_failed) {
    line.lane.doubt(line.sessions.flight_seq(), true);
    // Only what the spool let go of is certain now.
    note_loss(line, line.lane.on_disk_now());
    // And nothing but a good sync ends the doubt.
    level = durability::disk;
  }
  doubt(line);
  auto superseded = line.sessions.turn_back();
  config_.totals->total_coalesced += superseded;
  untold_.session_coalesced += superseded;
  ++write_failures_;
  if (++line.failures == 1) {
    ++write_troubles_;
    line.failing_since_ms = config_.wall_now_ms();
  }
  line.last_error = err;
  line.failed_level = level;
  line.busy = false;
  line.due = false;
  line.window.close();
  answer_pruners(std::exchange(line.pruners, {}), err);
  auto untried = [](const write_waiter& x) { return !x.tried; };
  auto first_tried =
    std::stable_partition(line.waiters.begin(), line.waiters.end(), untried);
  std::vector<write_waiter> tried{std::make_move_iterator(first_tried),
                                  std::make_move_iterator(line.waiters.end())};
  line.waiters.erase(first_tried, line.waiters.end());
  for (auto& waiter : tried)
    waiter.done(err);
  if (line.lost_after)
    bring_back(line);
  if (line.waiters.empty()) {
    line.retry.flush.failed(self_->clock().now());
    arm_retry(line);
  } else {
    launch(line);
  }
  finish_stop();
}

void session_debouncer_state::answer_waiters(store_line& line) {
  for (auto& waiter : std::exchange(line.waiters, {})) {
    if (line.sessions.reached(waiter.seq, waiter.level))
      waiter.done({});
    else if (waiter.tried)
      waiter.done(caf::make_error(ec::unavailable, "the session store did not sync"));
    else
      line.waiters.push_back(std::move(waiter));
  }
}

void session_debouncer_state::after_flight(store_line& line) {
  if (maintenance_due(line))
    maintain(line);
  launch_if_wanted(line);
  finish_stop();
}

void session_debouncer_state::launch_if_wanted(store_line& line) {
  auto wanted = line.due || !stopping_.empty();
  if (!line.waiters.empty() || (wanted && !line.sessions.waiting().empty()))
    launch(line);
}

} // namespace sluice

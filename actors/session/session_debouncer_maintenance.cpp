// What becomes of documents that are too old or too many. It follows a flush, so that
// what it judges by is in the store; a session with an update that came since is
// written again at once if it was among those removed. Who is too old, and even who is
// the oldest, is a matter of the time of day: while that is in doubt nothing is removed.

#include "actors/session/session_debouncer.hpp"

namespace sluice {

namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

constexpr auto maintenance_interval = std::chrono::hours{1};

/// Of a store with so many sessions, no round removes more than half unless somebody says
/// so: whatever made them look old or too many at once is more likely wrong than right.
constexpr uint64_t entries_of_some_size = 10;

uint64_t removable(uint64_t entries) {
  return entries < entries_of_some_size ? entries : entries / 2;
}

} // namespace

bool session_debouncer_state::enforcing() {
  return config_.enforce_maintenance && clock_.is_trusted();
}

/// It follows the flush of what is unwritten, as any round does.
caf::result<session_pruned> session_debouncer_state::prune(const std::string& store) {
  if (!config_.enforce_maintenance)
    return caf::make_error(ec::invalid_argument,
                           std::string{"session.maintenance is \"warn\": nothing is "
                                       "removed; set it to \"enforce\""});
  if (auto doubt = clock_.doubt(); !doubt.empty())
    return caf::make_error(ec::unavailable, "nothing is removed: " + doubt);
  auto rp = detail::owe<session_pruned>(self_);
  auto run = [this, store, rp]() mutable {
    auto* line = find_line(store);
    if (!line) {
      rp.deliver(session_pruned{{}, {store}});
      return true;
    }
    line->pruners.push_back(rp);
    if (!line->busy && !line->sessions.waiting().empty())
      launch(*line);
    else if (maintenance_due(*line))
      maintain(*line);
    return true;
  };
  with_store(store, {run, [rp](const caf::error& err) mutable { rp.deliver(err); }});
  return rp;
}

void session_debouncer_state::answer_pruners(pruners all,
                                             const caf::expected<session_pruned>& x) {
  for (auto& rp : all) {
    if (x)
      rp.deliver(*x);
    else
      rp.deliver(x.error());
  }
}

bool session_debouncer_state::maintenance_due(const store_line& line) {
  if (!stopping_.empty() || line.busy || line.maintaining)
    return false;
  const auto now = self_->clock().now();
  if (!line.pruners.empty() || !line.maintained_at)
    return true; // somebody asks now, so a pause after a failure ends early
  if (line.retry.maintenance.is_held(now))
    return false;
  return now - *line.maintained_at >= maintenance_interval || maintenance_wanted(line);
}

bool session_debouncer_state::maintenance_wanted(const store_line& line) {
  if (!line.maintenance_error.empty())
    return true;
  auto entries = line.sessions.stored().entries;
  // What was found in excess may be gone.
  auto fewer = line.excess > 0 && entries < line.maintained_entries;
  auto too_many = entries > config_.max_entries && line.too_many == 0;
  return fewer || ((line.held_back || too_many) && enforcing());
}

void session_debouncer_state::maintain(store_line& line) {
  line.maintained_at = self_->clock().now();
  line.maintaining = true;
  line.enforced = enforcing();
  line.held_back = config_.enforce_maintenance && !line.enforced;
  maintenance_held_ += line.held_back;
  if (line.enforced) {
    line.busy = true;
    ++line.prunes;
  }
  auto oldest =
    config_.wall_now_ms() - duration_cast<milliseconds>(config_.prune_after).count();
  if (oldest < 0 || !clock_.steady())
    oldest = 0;
  session_prune request{line.sessions.name(), oldest, config_.max_entries, line.enforced};
  if (line.pruners.empty())
    request.removes_max = removable(line.sessions.stored().entries);
  if (clock_.is_trusted())
    request.right_now_ms = config_.wall_now_ms();
  line.asked = std::exchange(line.pruners, {});
  self_->request(store_, caf::infinite, atom::prune_v, std::move(request))
    .then([this, &line](const session_pruned& x) { maintained(line, x); },
          [this, &line](const caf::error& err) {
            ++maintenance_failures_;
            line.maintenance_error = text_of(err);
            line.maintenance_failed_ms = config_.wall_now_ms();
            doubt(line);
            end_maintenance(line, err);
          });
}

void session_debouncer_state::maintained(store_line& line, const session_pruned& x) {
  line.maintenance_error.clear();
  note_too_many(line, x.held ? x.keys.size() : 0);
  if (line.enforced && !x.held) {
    line.excess = 0;
    line.sessions.pruned(x);
    for (auto& key : x.keys) {
      cache_.erase(line.sessions.name(), key);
      if (!line.whole_waiters.empty())
        line.written_meanwhile[key] = caf::none;
      line.due = line.due || line.sessions.find(key) != nullptr;
    }
  } else {
    line.excess = x.keys.size();
  }
  line.maintained_entries = line.sessions.stored().entries;
  note_excess(line);
  if (line.enforced)
    end_maintenance(line, x);
  else
    end_maintenance(
      line, caf::make_error(ec::unavailable, "nothing was removed: " + clock_.doubt()));
}

void session_debouncer_state::end_maintenance(store_line& line,
                                              const caf::expected<session_pruned>& x) {
  answer_pruners(std::exchange(line.asked, {}), x);
  line.maintaining = false;
  // A round that leaves as much to do as there was would only come to the same end.
  if (maintenance_wanted(line))
    line.retry.maintenance.failed(self_->clock().now());
  else
    line.retry.maintenance.succeeded();
  arm_retry(line);
  if (!line.enforced) {
    if (!line.pruners.empty() && maintenance_due(line))
      maintain(line);
    return;
  }
  ++line.prunes;
  line.busy = false;
  if (line.lost_after)
    bring_back(line);
  // What is unwritten goes before another round.
  launch_if_wanted(line);
  if (maintenance_due(line))
    maintain(line);
  finish_stop();
}

void session_debouncer_state::note_too_many(store_line& line, uint64_t count) {
  if (count > 0 && line.too_many == 0) {
    ++removals_held_;
    line.too_many_since_ms = config_.wall_now_ms();
  }
  line.too_many = count;
}

void session_debouncer_state::note_excess(store_line& line) {
  auto over = line.excess > 0 || line.sessions.stored().entries > config_.max_entries;
  if (!over || enforcing()) {
    line.excess_since_ms = 0;
  } else if (line.excess_since_ms == 0) {
    ++excesses_;
    line.excess_since_ms = config_.wall_now_ms();
  }
}

void session_debouncer_state::tell_of_clock(status_report& report) {
  auto doubt = clock_.doubt();
  if (config_.enforce_maintenance && !doubt.empty())
    clock_doubt_.note("session.maintenance=enforce removes nothing: " + doubt);
  else
    clock_doubt_.clear();
  clock_doubt_.tell(report);
  if (auto since = clock_.stepped_lately())
    report.alerts.push_back({"clock-stepped",
                             "the time of day was set forward or back by an hour or "
                             "more: what was dated before it may not compare",
                             *since});
  report.troubles.push_back({"clock-stepped", clock_.steps()});
  report.state.push_back({"wallClockSteady", clock_.steady()});
  report.state.push_back({"clockSynchronised", clock_.synchronised()});
  report.state.push_back({"clockSteps", static_cast<int64_t>(clock_.steps())});
  report.state.push_back({"maintenanceHeld", static_cast<int64_t>(maintenance_held_)});
}

void session_debouncer_state::add_maintenance_alerts(const store_line& line,
                                                     status_report& report) const {
  auto& stored = line.sessions.stored();
  if (line.excess_since_ms != 0)
    report.alerts.push_back(
      {"session-store-over-limit",
       "store " + stored.store + ": " + std::to_string(stored.entries) + " sessions, "
         + std::to_string(line.excess)
         + " of them beyond session.max-entries or session.prune-after",
       line.excess_since_ms});
  if (line.too_many > 0)
    report.alerts.push_back(
      {"session-removal-held",
       "store " + stored.store + ": session.maintenance=enforce would remove "
         + std::to_string(line.too_many) + " of "
         + std::to_string(line.maintained_entries)
         + " sessions at once, which is more than half, and removed none; if that is "
           "right, allow it with POST /v1/sessions/"
         + stored.store + "/prune",
       line.too_many_since_ms});
  if (!line.maintenance_error.empty())
    report.alerts.push_back({"session-maintenance-failed",
                             "store " + stored.store + ": " + line.maintenance_error,
                             line.maintenance_failed_ms});
}

} // namespace sluice

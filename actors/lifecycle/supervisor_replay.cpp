// The end of a start: what the spool holds of an earlier run goes to disk before anything
// new comes.
#include "actors/lifecycle/persist_round.hpp"
#include "actors/lifecycle/supervisor.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

namespace {

/// A start within a run waits no longer for what it replays: who serves and whom it needs
/// may have died since.
constexpr caf::timespan renewed_replay_max = std::chrono::seconds{5};

} // namespace

caf::timespan supervisor_state::replay_patience() const {
  return is_restart() ? std::min(config_.replay_patience, renewed_replay_max)
                      : config_.replay_patience;
}

/// Brings to disk what the spool holds of an earlier run, before anything new comes.
void supervisor_state::replay(subsystems started, const start_promise& answer) {
  // After a start that died of something in it, queued SQL waits for the others: the next
  // one to die should know of what.
  const auto in_turn = config_.spool && config_.spool->died_in_replay();
  if (!in_turn)
    start_queue(started);
  persist_targets left;
  left.sessions = sessions_;
  left.queue = queue_;
  for (auto lane : config_.spool ? config_.spool->lanes() : std::vector<lane_id>{}) {
    const auto state = config_.spool->state(lane);
    if (state.released == state.appended)
      continue;
    const auto items = state.appended - state.written;
    if (state.kind == lane_kind::log)
      left.logs.push_back({state.name, make_buffer(state.name)});
    else if (state.kind == lane_kind::session)
      left.stores.push_back(state.name);
    if (items > 0)
      started.replay.push_back({to_string(state.kind) + " " + state.name, items});
  }
  persist_all(self_, left, replay_patience(),
              [this, in_turn, started = std::move(started),
               answer](const std::vector<std::string>& failures) mutable {
                started.unplaced = failures;
                attempt(answer, [&] {
                  if (in_turn)
                    replay_queue(std::move(started), answer);
                  else
                    started_up(std::move(started), answer);
                });
              });
}

void supervisor_state::replay_queue(subsystems started, const start_promise& answer) {
  start_queue(started);
  persist_targets left;
  left.queue = queue_;
  persist_all(self_, left, replay_patience(),
              [this, started = std::move(started),
               answer](const std::vector<std::string>& failures) mutable {
                started.unplaced.insert(started.unplaced.end(), failures.begin(),
                                        failures.end());
                attempt(answer, [&] { started_up(std::move(started), answer); });
              });
}

void supervisor_state::started_up(subsystems started, start_promise answer) {
  if (!runs("introspection"))
    start_introspection();
  started.introspection = introspection_;
  running_ = started;
  self_->send(introspection_, atom::attach_v, running_);
  answer.deliver(std::move(started));
  if (!drain_)
    bury_fallen();
}

} // namespace sluice

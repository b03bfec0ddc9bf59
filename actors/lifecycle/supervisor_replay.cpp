// The end of a start: what the spool holds of an earlier run goes to disk before anything
// new comes.
#include "actors/lifecycle/persist_round.hpp"
#include "actors/lifecycle/supervisor.hpp"
#include "messages/error.hpp"

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

/// Whether the next try may end otherwise: a part gave no answer, or something it needs
/// was not to be had, as a database that another program has locked.
bool may_pass(const caf::error& why) {
  return is_no_answer(why) || why == ec::unavailable || why == ec::disk_failed
         || why == ec::disk_full;
}

} // namespace

caf::timespan supervisor_state::replay_patience() const {
  return is_restart() ? std::min(config_.replay_patience, renewed_replay_max)
                      : config_.replay_patience;
}

/// Brings to disk what the spool holds of an earlier run, before anything new comes.
void supervisor_state::replay(subsystems started) {
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
              [this, in_turn, started = std::move(started)](
                const std::vector<std::string>& failures) mutable {
                started.unplaced = failures;
                attempt([&] {
                  if (in_turn)
                    replay_queue(std::move(started));
                  else
                    started_up(std::move(started));
                });
              });
}

void supervisor_state::replay_queue(subsystems started) {
  start_queue(started);
  persist_targets left;
  left.queue = queue_;
  persist_all(self_, left, replay_patience(),
              [this, started = std::move(started)](
                const std::vector<std::string>& failures) mutable {
                started.unplaced.insert(started.unplaced.end(), failures.begin(),
                                        failures.end());
                attempt([&] { started_up(std::move(started)); });
              });
}

/// It is over once everybody has heard of those who came: whoever did not would ask the
/// dead for ever.
void supervisor_state::started_up(subsystems started) {
  if (!runs("introspection"))
    start_introspection();
  started.introspection = introspection_;
  running_ = started;
  tell_listeners();
  start_answer_.deliver(std::move(started));
  if (phases_.on(event::started) == action::stop)
    begin_stop();
  else
    serve();
}

void supervisor_state::start_failed(const caf::error& why) {
  start_answer_.deliver(why);
  switch (phases_.on(may_pass(why) ? event::start_postponed : event::start_failed)) {
    case action::stop:
      return begin_stop();
    case action::postpone:
      return try_later("those that depend on each other", text_of(why));
    case action::give_up:
      return give_up("the start: " + text_of(why));
    default:
      return;
  }
}

} // namespace sluice

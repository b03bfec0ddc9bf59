// Those that depend on each other are drained and started anew together: each has handles
// of the next.

#include "actors/lifecycle/supervisor.hpp"

#include <caf/actor_cast.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace sluice {

namespace {

/// How long those that are started anew may take to end where the spool has what they do
/// not finish.
constexpr caf::timespan renewal_time_max = std::chrono::seconds{2};

} // namespace

/// Lets all who depend on each other finish what they can, and starts them again: whoever
/// is missing is among those that a start looks after. Of an earlier try some may be
/// there whom only that knew.
void supervisor_state::clear() {
  const auto dead = renewal_.dead();
  renewal_.fallen.clear();
  renewal_.held_up.clear();
  phases_.expect_one(false);
  renewal_.missing.clear();
  renewal_.lost.clear();
  const auto patience = config_.spool ? std::min(config_.stop_deadline, renewal_time_max)
                                      : config_.stop_deadline;
  renewal_.leaving =
    drain::begin(self_, children_.joint(), dead, patience,
                 [this](const std::vector<stop_report>&) { start_when_all_are_gone(); });
  start_when_all_are_gone();
}

/// Who of these goes before those take the places who start together.
std::vector<caf::actor_addr>
supervisor_state::leaving(std::vector<caf::actor_addr> among) const {
  std::set<caf::actor_addr> stay;
  for (const auto& each : children_.lasting())
    stay.insert(caf::actor_cast<caf::actor_addr>(each.handle));
  for (const auto& [address, batcher] : batchers_)
    stay.insert(address);
  std::erase_if(among, [&stay](const auto& x) { return stay.contains(x); });
  return among;
}

/// Those for whom a restart waits, by name.
std::string supervisor_state::awaited() const {
  if (!renewal_.leaving)
    return {};
  return renewal_.leaving->is_over() ? crew_->names_of(leaving(crew_->writing()))
                                     : renewal_.leaving->awaited();
}

/// Two of a kind at once would write to one file. Who only reads is not waited for: it
/// may be at a statement that nothing ends.
void supervisor_state::start_when_all_are_gone() {
  if (!renewal_.leaving || !renewal_.leaving->is_over())
    return;
  for (const auto& each : leaving(crew_->all()))
    self_->send_exit(each, caf::exit_reason::kill);
  if (!leaving(crew_->writing()).empty())
    return;
  renewal_.leaving = nullptr;
  children_.remove_joint();
  logs_.clear();
  if (phases_.on(event::cleared) == action::start)
    begin_start();
}

/// Of those who died meanwhile, some were started with the others.
void supervisor_state::serve() {
  for (const auto& each : std::exchange(renewal_.fallen, {}))
    if (!children_.has(each.name, each.key))
      replace(each);
  look_whether_all_are_there();
}

} // namespace sluice

// The DRAIN stops children stage by stage and hands over one report each. A
// child that does not finish by the deadline is told as left behind, and killed so
// that the process can end. What a drain has asked for owns it until the answer is
// there: whoever began it may forget it, and begin another one.
#pragma once

#include "actors/lifecycle/children.hpp"
#include "messages/supervisor.hpp"

#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace sluice {

class drain : public std::enable_shared_from_this<drain> {
public:
  using receiver = std::function<void(std::vector<stop_report>)>;

  /// Begins; `then` gets the reports when the last stage is done.
  static std::shared_ptr<drain> begin(supervisor_actor::pointer self, children all,
                                      caf::timespan deadline, receiver then);

private:
  drain(supervisor_actor::pointer self, children all, caf::timespan deadline,
        receiver then);

  void next_stage();
  void ask(const child& who);
  static stop_report failure(const child& who, const caf::error& err);
  void arrived(const child& who, stop_report report);

  supervisor_actor::pointer self_;
  children all_;
  caf::actor_clock::time_point deadline_;
  receiver then_;
  size_t stage_ = 0;
  size_t awaited_ = 0;
  std::vector<stop_report> reports_;
};

} // namespace sluice

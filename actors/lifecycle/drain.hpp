// The DRAIN stops children stage by stage and hands over one report each. A
// child that does not finish by the deadline is told as left behind, and killed
// so that the process can end. One who feeds somebody dead could not finish,
// and is not waited for. What a drain has asked for owns it until the answer is
// there: whoever began it may forget it, and begin another one.
#pragma once

#include "actors/lifecycle/children.hpp"
#include "messages/supervisor.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace sluice {

class drain : public std::enable_shared_from_this<drain> {
public:
  using receiver = std::function<void(std::vector<stop_report>)>;

  /// Begins; `then` gets the reports when the last stage is done, unless it is
  /// given up before. `dead` are the kinds of whom there is none any more.
  static std::shared_ptr<drain> begin(supervisor_actor::pointer self, children all,
                                      const std::set<std::string>& dead,
                                      caf::timespan deadline, receiver then);

  /// One of them has died: who feeds him is not waited for any more.
  void fell(const std::string& name);

  /// Ends all that have not finished, and returns the reports; nothing follows.
  std::vector<stop_report> give_up();

  /// Those who were asked to stop and have not answered, by name.
  std::string awaited() const;

  /// The last one has finished, or was given up.
  bool is_over() const { return then_ == nullptr; }

private:
  drain(supervisor_actor::pointer self, children all, caf::timespan deadline,
        receiver then);

  void next_stage();
  void ask(const child& who);
  void cut_off();
  void end(const child& who, const caf::error& why);
  static stop_report failure(const child& who, const caf::error& err);
  void note(const child& who, stop_report report);
  bool finishes(const child& who);

  supervisor_actor::pointer self_;
  children all_;
  std::set<caf::actor_addr> awaited_;
  /// Each is told of once, however often it ends.
  std::set<caf::actor_addr> finished_;
  caf::actor_clock::time_point deadline_;
  receiver then_;
  size_t stage_ = 0;
  std::set<std::string> dead_;
  std::vector<stop_report> reports_;
};

} // namespace sluice

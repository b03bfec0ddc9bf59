// The ALERT KEEPER tells of the alerts that stand until somebody acknowledges them. They
// are in a file of the data directory, which it reads once and writes when one ends. Runs
// detached, since it waits for the disk.
#pragma once

#include "actors/detail/trouble.hpp"
#include "messages/alert_keeper.hpp"

#include <caf/error.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>
#include <vector>

namespace sluice {

struct alert_keeper_config {
  std::string data_dir;
};

class alert_keeper_state {
public:
  static inline const char* name = "alert-keeper";

  explicit alert_keeper_state(alert_keeper_actor::pointer self) : self_(self) {}

  void init(alert_keeper_config config);

  caf::result<bool> confirm(const std::string& id);
  status_report status();
  stop_report stop();

private:
  caf::error load();

  alert_keeper_actor::pointer self_;
  alert_keeper_config config_;
  bool loaded_ = false;
  std::vector<alert> standing_;
  uint64_t acknowledged_ = 0;
  detail::trouble unreadable_{"alerts-unreadable"};
};

alert_keeper_actor::behavior_type
alert_keeper(alert_keeper_actor::stateful_pointer<alert_keeper_state> self,
             alert_keeper_config config);

} // namespace sluice

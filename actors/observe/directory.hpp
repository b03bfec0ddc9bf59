// The DIRECTORY knows every actor by its meter: who it is, what waits for it, how long it
// takes. It reads, and asks nobody, so that an actor which hangs is listed like any
// other.
#pragma once

#include "actors/observe/actor_meter.hpp"
#include "messages/directory.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

struct directory_config {
  caf::timespan window = std::chrono::minutes{1};
};

class directory_state {
public:
  static inline const char* name = "directory";

  explicit directory_state(directory_actor::pointer self) : self_(self) {}

  void init(directory_config config);

  void enter(const directory_entrance& who);
  std::vector<actor_entry> actors();
  std::vector<actor_entry> totals();
  void on_tick();
  status_report status();
  stop_report stop();

private:
  /// What a meter showed when a window began.
  struct mark {
    uint64_t at = 0;
    uint64_t handled = 0;
    uint64_t busy_ns = 0;
    time_buckets buckets = {};
  };

  struct listed {
    actor_meter_ptr meter;
    mark before;
    mark now;
  };

  static mark mark_of(const actor_meter& meter);
  static actor_entry entry_of(const listed& who);
  void forget_the_dead();
  /// What those of one name did that have ended.
  actor_entry& past_of(const std::string& kind);

  directory_actor::pointer self_;
  directory_config config_;
  /// By id: CAF numbers its actors in the order of their start.
  std::map<uint64_t, listed> listed_;
  /// By name, of which there are as many as kinds of actors.
  std::map<std::string, actor_entry> pasts_;
  /// By name and key, how often one was started anew, if ever.
  std::map<std::pair<std::string, std::string>, uint64_t> restarts_;
};

directory_actor::behavior_type
directory(directory_actor::stateful_pointer<directory_state> self,
          directory_config config);

/// Starts one that lists itself too.
directory_actor start_directory(caf::actor_system& sys, directory_config config);

} // namespace sluice

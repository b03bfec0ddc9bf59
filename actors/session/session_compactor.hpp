// A SESSION COMPACTOR runs compactions for the SESSION JOURNAL, which goes on reading
// and writing meanwhile. Runs detached.
#pragma once

#include "messages/session_compactor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace sluice {

class session_compactor_state {
public:
  static inline const char* name = "session-compactor";

  explicit session_compactor_state(session_compactor_actor::pointer self) : self_(self) {}

  caf::result<io_counts> compact(const compaction_handle& handle);
  status_report status() const;
  stop_report stop();

private:
  session_compactor_actor::pointer self_;
  uint64_t compactions_ = 0;
  uint64_t failures_ = 0;
};

session_compactor_actor::behavior_type session_compactor(
  session_compactor_actor::stateful_pointer<session_compactor_state> self);

} // namespace sluice

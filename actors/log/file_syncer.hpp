// A FILE SYNCER waits for fdatasync on behalf of one log. The log writer sends it the
// open file; a failure is its answer, and what to do about it the log writer's matter.
// Runs detached.
#pragma once

#include "messages/file_syncer.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace sluice {

class file_syncer_state {
public:
  static inline const char* name = "file-syncer";

  explicit file_syncer_state(file_syncer_actor::pointer self) : self_(self) {}

  caf::result<io_counts> sync(const file_handle& handle);
  status_report status() const;
  stop_report stop();

private:
  file_syncer_actor::pointer self_;
  uint64_t syncs_ = 0;
  uint64_t failures_ = 0;
};

file_syncer_actor::behavior_type
file_syncer(file_syncer_actor::stateful_pointer<file_syncer_state> self);

} // namespace sluice

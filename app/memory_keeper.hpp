// The MEMORY KEEPER gives memory back to the system that was taken for a while: the
// allocator keeps what was freed, for good where threads have places of their own. Large
// blocks it has mapped by themselves. It asks nobody, and nobody asks it.
#pragma once

#include "messages/status.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/timespan.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>

namespace sluice {

using memory_keeper_actor = caf::typed_actor<
  // internal: looks whether much was freed.
  caf::reacts_to<atom::tick>>;

struct memory_keeper_config {
  caf::timespan interval = std::chrono::seconds{10};
  /// Less than this that is free is left to the allocator, which will want it again.
  uint64_t free_bytes_min = 4'194'304;
};

class memory_keeper_state {
public:
  static inline const char* name = "memory-keeper";

  explicit memory_keeper_state(memory_keeper_actor::pointer self) : self_(self) {}

  void init(memory_keeper_config config);
  void look();

private:
  memory_keeper_actor::pointer self_;
  memory_keeper_config config_;
  /// What the process had for itself when it was last looked at, and the least since the
  /// start: near that, nothing is worth a look at the allocator.
  uint64_t before_ = 0;
  uint64_t least_ = 0;
};

memory_keeper_actor::behavior_type
memory_keeper(memory_keeper_actor::stateful_pointer<memory_keeper_state> self,
              memory_keeper_config config);

} // namespace sluice

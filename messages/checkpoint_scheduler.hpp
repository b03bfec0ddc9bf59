// The CHECKPOINT SCHEDULER decides when the WAL is moved into the database: at an
// interval, at a size, or when the database has been idle. It learns the WAL's
// size from commits; nobody's reading of a number ever checkpoints.
#pragma once

#include "messages/sqlite_writer.hpp"

namespace sluice {

/// Whoever can bring about a moment in which nobody reads.
using quiet_checkpointer_actor = caf::typed_actor<
  /// Checkpoints once no query runs. Those that come meanwhile wait, not for long.
  caf::replies_to<atom::checkpoint, checkpoint_mode,
                  caf::timespan>::with<checkpoint_report>>;

using checkpoint_scheduler_actor = wal_listener_actor::extend<
  /// Checkpoints now, whatever the schedule says.
  caf::replies_to<atom::checkpoint, checkpoint_mode>::with<checkpoint_report>,
  /// Has this one checkpoint where readers would starve it.
  caf::reacts_to<atom::attach, quiet_checkpointer_actor>,
  // internal: the timer that was set with this generation fired.
  caf::reacts_to<atom::tick, uint64_t>>::extend_with<managed_actor>;

} // namespace sluice

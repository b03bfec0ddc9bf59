// The SPOOL KEEPER sees to it that there is a spool: somebody may delete its files under
// a running service (a logout does). Whoever notices tells it; it has everything brought
// to disk, and begins anew.
#pragma once

#include "messages/status.hpp"

namespace sluice {

using spool_keeper_actor = caf::typed_actor<
  /// Looks whether the spool is still in its place, and mends it if not.
  caf::reacts_to<atom::check>,
  // internal: the pause after a failed try is over.
  caf::reacts_to<atom::retry, uint64_t>>::extend_with<managed_actor>;

} // namespace sluice

// What a process can serve with the descriptors that the system allows it: who may have
// how many of them.
#pragma once

#include <caf/error.hpp>

#include <cstdint>

namespace sluice {

/// Fewer are not enough for the service alone, with one log, one store, and somebody who
/// asks for them.
constexpr uint64_t descriptors_min = 48;

struct demand {
  /// Whose files are open at once.
  uint64_t logs = 0;
  uint64_t stores = 0;
  uint64_t http = 0;
  uint64_t websocket = 0;

  bool operator==(const demand&) const = default;
};

/// As much of what is wanted as that many descriptors allow. Of few descriptors half are
/// for connections, of which both kinds get their part. Half of the others are the
/// service's own, for the database, the spool, whoever looks into it, and what is open
/// for a moment; the rest is shared by logs and stores.
demand affordable(uint64_t descriptors, const demand& wanted);

/// Takes all descriptors there may be, and says so where they are too few; makes of what
/// is wanted what is served. An error if they are not enough for anything.
caf::error raise_descriptor_limit(demand& wanted);

} // namespace sluice

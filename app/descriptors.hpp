// What a process can serve with the descriptors that the system allows it.
#pragma once

#include <cstdint>

namespace sluice {

struct demand {
  /// Whose files are open at once.
  uint64_t logs = 0;
  uint64_t http = 0;
  uint64_t websocket = 0;

  bool operator==(const demand&) const = default;
};

/// As much of what is wanted as that many descriptors allow: logs first, but of few
/// descriptors half are for connections, of which both kinds get their part.
demand affordable(uint64_t descriptors, const demand& wanted);

/// Takes all descriptors there may be, and says so where they are too few; returns what
/// is served.
demand raise_descriptor_limit(const demand& wanted);

} // namespace sluice

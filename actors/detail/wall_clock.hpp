// The time of day, for people to read. Logic runs on the actor's own clock.
#pragma once

#include <chrono>
#include <cstdint>

namespace sluice::detail {

/// Milliseconds since 1970.
inline int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

} // namespace sluice::detail

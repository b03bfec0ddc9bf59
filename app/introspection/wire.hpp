// What both ends of the introspection have to agree on.
#pragma once

#include <caf/actor_system_config.hpp>

#include <cstddef>

namespace sluice::wire {

/// Loads CAF's middleman, and names what travels. Opens nothing.
void speak(caf::actor_system_config& config);

/// Bytes of a request behind its header.
constexpr size_t request_bytes_max = 16'384;

} // namespace sluice::wire

// How many sessions a store may hold, however small they are: each takes some 250 bytes
// of memory beside its key and its document, which `session.max-store-bytes` counts.
#pragma once

#include <cstddef>

namespace sluice {

constexpr size_t sessions_max = 262'144;

} // namespace sluice

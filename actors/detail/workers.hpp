// The threads that actors share. CAF's own schedulers poll, hundreds of times a second
// in an idle process, or wake a thread for each message, even if the thread that sends it
// is about to look for work itself. These sleep, and are woken in turn: whoever finds
// more work than it takes wakes the next.
#pragma once

#include <caf/fwd.hpp>

#include <cstddef>

namespace sluice::detail {

/// Two, since whatever blocks is detached.
constexpr size_t workers_default = 2;

/// Makes the actor systems of this configuration work so, with as many threads.
void use_workers(caf::actor_system_config& config, size_t count = workers_default);

} // namespace sluice::detail

// The commands that go on until somebody ends them.
#pragma once

#include "app/ctl/request.hpp"
#include "app/introspection/client.hpp"

namespace sluice::ctl {

/// Shows the actors, again and again; once where nobody sits before a terminal.
exit_code run_top(wire::client& service);

/// Tells alerts, restarts and checkpoints, a line each.
exit_code run_watch(wire::client& service, const request& asked);

} // namespace sluice::ctl

// What sluicectl asks a service, and how it tells the answer.
#pragma once

#include "app/ctl/request.hpp"
#include "app/introspection/client.hpp"

namespace sluice::ctl {

/// Does one command; the exit code. Connected already.
exit_code run_command(wire::client& service, const request& asked);

/// Says on one line why not.
exit_code refuse(const caf::error& why);

} // namespace sluice::ctl

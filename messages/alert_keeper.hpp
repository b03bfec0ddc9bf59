// The ALERT KEEPER tells of what a person has to know even after it is over: such an
// alert stands, across restarts too, until somebody acknowledges it.
#pragma once

#include "messages/status.hpp"

#include <string>

namespace sluice {

using alert_keeper_actor = caf::typed_actor<
  /// Ends the standing alert of this id; `not_found` if there is none.
  caf::replies_to<atom::confirm, std::string>::with<bool>>::extend_with<managed_actor>;

} // namespace sluice

// The DISK WATCH looks at the data directory when asked for its status: whether it is
// still there, and how much room is left.
#pragma once

#include "messages/status.hpp"

namespace sluice {

using disk_watch_actor = managed_actor;

} // namespace sluice

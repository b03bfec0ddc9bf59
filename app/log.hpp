// The log that our programs keep themselves, on standard error.
#pragma once

namespace sluice {

/// Each line begins with its time and level; then comes a stable event id.
void open_log();

} // namespace sluice

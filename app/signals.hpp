// What signals mean to our programs, as far as they share it.
#pragma once

namespace sluice {

/// A peer that hangs up and a file that may not grow are errors of `write`, not the end
/// of the process; and whoever sends SIGUSR1 or SIGUSR2 takes us for another program.
void ignore_signals();

/// Whether whoever started us, like `nohup`, wants no hang-up to be heeded.
bool ignores_hangups();

} // namespace sluice

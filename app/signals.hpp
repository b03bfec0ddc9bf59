// What signals mean to our programs, as far as they share it.
#pragma once

#include <csignal>

namespace sluice {

/// A peer that hangs up and a file that may not grow are errors of `write`, not the end
/// of the process; and whoever sends SIGUSR1 or SIGUSR2 takes us for another program.
void ignore_signals();

/// Whether whoever started us, like `nohup`, wants no hang-up to be heeded.
bool ignores_hangups();

/// Has the signals that `main` takes wait for it, in all threads that come after: those
/// that ask for the end, and a hang-up unless that is ignored.
sigset_t hold_signals();

/// A signal that asks for the end, taken while there is something else to do.
class end_signal {
public:
  /// The one that has come, from then on; 0: none.
  int heard();

private:
  int heard_ = 0;
};

} // namespace sluice

// The log that our programs keep themselves, on standard error. A thread of its own
// writes it: a disk that is full, a pipe that nobody reads or a reader that is gone holds
// up and ends nothing. What it does not take is counted and told. A message is one line,
// whatever it quotes (app/printable.hpp).
#pragma once

#include <string>

namespace sluice {

/// Each line begins with its time and level; then comes a stable event id.
void open_log();

/// Lines that programs read stand bare, without time and level.
void tell(const std::string& words);

/// Where standard error is a file that was renamed or removed, a new one is begun in its
/// place. On one thread.
void reopen_log();

/// Waits a short while until what was told is written. Later lines go nowhere.
void close_log();

} // namespace sluice

// The log that our programs keep themselves, on standard error. A thread of its own
// writes it: a disk that is full, a pipe that nobody reads or a reader that is gone holds
// up and ends nothing. What it does not take is counted and told. A message is one line,
// whatever it quotes (app/printable.hpp). Nor can a client fill the disk with lines: of
// each kind so many are told in a second, and the others counted.
#pragma once

#include <cstdint>
#include <string>

namespace spdlog {
class logger;
}

namespace sluice {

/// Each line begins with its time and level; then comes a stable event id.
void open_log();

/// For lines of which there are as many as there are things to tell of: what a start
/// found and a stop left. None is held back.
spdlog::logger& whole_log();

/// Lines of this process that standard error did not take, and that were told as a
/// number.
struct untold_lines {
  uint64_t lost = 0;
  uint64_t held_back = 0;
};

untold_lines count_untold();

/// Lines that programs read stand bare, without time and level.
void tell(const std::string& words);

/// Where standard error is a file that was renamed or removed, a new one is begun in its
/// place. On one thread.
void reopen_log();

/// Waits a short while until what was told is written. Later lines go nowhere.
void close_log();

} // namespace sluice

// Descriptors 0 to 2 as our programs find them: closed, full, or with nobody at the other
// end. What cannot be written there is never more than that.
#pragma once

#include <string_view>

namespace sluice {

/// Opens those that are closed on /dev/null, so that no file of ours gets their number
/// and our next words with it. The first that `main` does.
void hold_standard_streams();

/// Writes to standard output, with nothing in it that commands a terminal; what quotes
/// others a line at a time is `printable` before. Whether all of it went is what
/// `after_printing` tells.
void print(std::string_view words);

/// Writes out what was printed so far; false if some of it is lost, or nobody is left who
/// could read more.
bool flush_printed();

/// Writes to standard error, likewise.
void print_error(std::string_view words);

/// The exit code of a tool that has printed: `code`; or 1, with a line that says why, if
/// what it printed did not go. Nobody is told where nobody reads.
int after_printing(int code);

} // namespace sluice

// The LAST WORD of a program that cannot go on: an exception that nobody could catch, on
// whatever thread, or a library that gives up, ends it with a line and exit code 1, and
// with no signal. Whoever is embedded in another program leaves that to it.
#pragma once

namespace sluice {

/// From now on. `name` is the program's, and static.
void end_with_a_word(const char* name);

} // namespace sluice

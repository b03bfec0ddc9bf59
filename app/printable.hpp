// What is PRINTED for people: on terminals, and in logs that a line says one thing in.
// Much of it quotes what a client chose, so whatever could move a cursor, begin another
// line, or turn the direction of what follows is spelled out here, where text leaves us.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// What belongs on one line, and can be read back: `\n`, `\r`, `\t` and `\\`, `\x1b` for
/// other control characters and for bytes that are no UTF-8, and `\u202e` for characters
/// past ASCII that control. Everything else is as it was.
std::string printable(std::string_view line);

/// The same for text that has lines of its own, or is JSON, which it stays: ends of lines
/// and backslashes are left alone.
std::string printable_text(std::string_view text);

/// Appends one line, printable, with its end.
template <class... Ts>
void append_line(std::string& to, fmt::format_string<Ts...> how, Ts&&... xs) {
  to += printable(fmt::format(how, std::forward<Ts>(xs)...)) + '\n';
}

} // namespace sluice

// The grammar of RFC 8259, and nothing beyond it: what a document must be to be kept.
//
// No value is decoded: a number that no machine holds and half a surrogate pair are JSON.
// simdjson, which is faster, decodes all of them, so that what it refuses is looked at
// here: for a verdict, and to tell where the fault is.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::json {

/// Why a text is not taken, and where.
struct fault {
  /// In bytes from the front.
  size_t offset = 0;
  /// Words a client may read.
  std::string why;
  /// The value around it, as `rows[1][2]`; empty for the whole text.
  std::string path;
};

/// Finds where a text stops being one JSON value in UTF-8, nested `levels` deep at most;
/// none if it is that.
std::optional<fault> find_fault(std::string_view text, size_t levels);

/// The same for what is to become the values of a program: neither is there a number past
/// a double and 64 bits, nor a string that no UTF-8 holds.
std::optional<fault> find_unheld(std::string_view text, size_t levels);

/// The place of an offset, counted from 1 and in characters: `column 7`, or
/// `line 3, column 7` with `with_line`.
std::string place_in(std::string_view text, size_t offset, bool with_line);

/// How long the byte order mark is that a file begins with; 0 without one.
size_t mark_length(std::string_view text);

} // namespace sluice::json

// The lines of a request, as a log takes them.
#pragma once

#include <caf/expected.hpp>

#include <cstdint>
#include <string>

namespace sluice::http {

/// Longest line, its LF not counted.
constexpr size_t line_bytes_max = 1'048'576;

struct log_text {
  /// Whole lines, each ended by LF.
  std::string lines;
  uint64_t count = 0;
};

/// Splits at LF: a CR before it is dropped, empty lines are kept, and the last line
/// gets its LF if it has none. Refuses NUL, bad UTF-8, and a line that is too long.
/// Text without CR is taken as it is, not copied.
caf::expected<log_text> to_lines(std::string text);

} // namespace sluice::http

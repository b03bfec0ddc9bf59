// The lines of a request, as a log takes them. A log's lines are bytes: whatever their
// encoding is, they are kept as they were sent. What a line may not be depends on what
// the client says that it is, and on how strict it wants the service to be.
#pragma once

#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::http {

/// What is done with lines that are not valid.
enum class invalid_lines : uint8_t {
  /// No line of text is invalid: bytes are bytes.
  take,
  /// One refuses the whole request.
  refuse,
  /// They are left out, and the others taken.
  skip
};

struct line_rules {
  /// Each line is to be one JSON value, and a blank line is none. If not, it is text, to
  /// be in UTF-8 without NUL where anything is invalid at all.
  bool ndjson = false;
  invalid_lines invalid = invalid_lines::take;
  /// Longest line, its line end not counted. One that is longer is never taken.
  uint64_t bytes_max = 1'048'576;
};

struct rejected_line {
  /// As they were sent, counted from 1.
  uint64_t number = 0;
  std::string detail;
};

/// So many lines of a request are told of, and how many more there are.
constexpr size_t rejected_told_max = 100;

struct log_text {
  /// Whole lines, each ended by LF.
  std::string lines = {};
  uint64_t count = 0;
  std::vector<rejected_line> rejected = {};
  uint64_t rejected_more = 0;
};

/// Splits at LF: a CR before it is dropped, empty lines of text are kept, and the last
/// line gets its LF if it has none. Text without CR is taken as it is, not copied.
caf::expected<log_text> to_lines(std::string text, const line_rules& rules);

} // namespace sluice::http

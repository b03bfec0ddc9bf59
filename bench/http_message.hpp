// The little of an HTTP/1.1 message that a bench must understand: where it ends, and
// what status an answer has.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::bench {

struct http_message {
  /// Head and body together; 0 while not all has arrived.
  size_t size = 0;
  size_t head_size = 0;
  /// The connection ends after it.
  bool closes = false;
};

/// Finds the end of the message at the front of `bytes`. Throws for a body whose size
/// is not told.
http_message parse_message(std::string_view bytes);

/// The status of an answer. Throws if it is none.
int parse_status(std::string_view answer);

} // namespace sluice::bench

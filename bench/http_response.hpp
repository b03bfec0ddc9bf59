// The little of an HTTP/1.1 answer that a load generator must understand: its status,
// and where it ends.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::bench {

struct response {
  int status = 0;
  /// Head and body together; 0 while it has not all arrived.
  size_t size = 0;
  /// The server ends the connection after it.
  bool closes = false;
};

/// Reads the answer at the front of `bytes`. Throws for anything but an answer with a
/// `Content-Length`.
response parse_response(std::string_view bytes);

} // namespace sluice::bench

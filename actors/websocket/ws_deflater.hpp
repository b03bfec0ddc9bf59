// Deflates a message so that any client which agreed to permessage-deflate reads it by
// itself (RFC 7692 without context takeover): what is deflated once serves all of them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace sluice {

class ws_deflater {
public:
  ws_deflater();
  ~ws_deflater();
  ws_deflater(const ws_deflater&) = delete;
  ws_deflater& operator=(const ws_deflater&) = delete;

  /// Returns a whole text frame, or nothing if `text` does not shrink.
  std::string frame(std::string_view text);

private:
  struct implementation;
  /// Some 270 KiB, made with the first message.
  std::unique_ptr<implementation> impl_;
};

} // namespace sluice

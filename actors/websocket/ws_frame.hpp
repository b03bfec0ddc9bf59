// WebSocket frames as a server writes them (RFC 6455, 5.2): whole and unmasked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

/// Longest reason that fits a Close frame beside its code.
constexpr size_t close_reason_bytes_max = 123;

/// Appends the header of a text frame; its payload must follow.
void append_text_header(std::string& out, size_t payload_bytes, bool deflated = false);

/// Appends a text frame.
void append_text_frame(std::string& out, std::string_view text);

/// A Close frame; a reason that is too long is cut.
std::string close_frame(uint16_t code, std::string_view reason);

/// Whether a whole frame says goodbye.
inline bool is_close_frame(const std::string& frame) {
  return !frame.empty() && frame[0] == '\x88';
}

} // namespace sluice

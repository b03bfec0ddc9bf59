#include "actors/websocket/ws_frame.hpp"

namespace sluice {

namespace {

constexpr uint8_t final_text = 0x81;
constexpr uint8_t final_close = 0x88;
/// Says that the payload is deflated (RFC 7692).
constexpr uint8_t rsv1 = 0x40;

constexpr size_t short_payload_max = 125;
constexpr size_t medium_payload_max = 65'535;
constexpr char medium_follows = 126;
constexpr char long_follows = 127;

void append_big_endian(std::string& out, uint64_t number, int bytes) {
  for (auto shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(number >> shift);
}

} // namespace

void append_text_header(std::string& out, size_t payload_bytes, bool deflated) {
  out += static_cast<char>(deflated ? final_text | rsv1 : final_text);
  if (payload_bytes <= short_payload_max) {
    out += static_cast<char>(payload_bytes);
  } else if (payload_bytes <= medium_payload_max) {
    out += medium_follows;
    append_big_endian(out, payload_bytes, 2);
  } else {
    out += long_follows;
    append_big_endian(out, payload_bytes, 8);
  }
}

void append_text_frame(std::string& out, std::string_view text) {
  append_text_header(out, text.size());
  out += text;
}

std::string close_frame(uint16_t code, std::string_view reason) {
  reason = reason.substr(0, close_reason_bytes_max);
  std::string frame;
  frame += static_cast<char>(final_close);
  frame += static_cast<char>(reason.size() + 2);
  append_big_endian(frame, code, 2);
  return frame.append(reason);
}

} // namespace sluice

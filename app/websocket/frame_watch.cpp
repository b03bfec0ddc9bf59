#include "app/websocket/frame_watch.hpp"

#include <algorithm>

namespace sluice::websocket {

namespace {

// RFC 6455, 5.2.
constexpr uint8_t opcode_mask = 0x0f;
constexpr uint8_t last_bit = 0x80;
constexpr uint8_t last_data_opcode = 0x02;
constexpr uint8_t control_bit = 0x08;
constexpr uint8_t close_opcode = 0x08;
constexpr uint8_t masked_bit = 0x80;
constexpr uint8_t length_mask = 0x7f;
constexpr uint8_t medium_follows = 126;
constexpr uint8_t long_follows = 127;
constexpr size_t short_header_bytes = 2;
constexpr size_t key_bytes = 4;
constexpr size_t code_bytes = 2;

} // namespace

size_t frame_watch::look(std::string_view bytes) {
  const auto all = bytes.size();
  while (!bytes.empty() && !is_over()) {
    const auto seen = std::clamp<uint64_t>(left_, 1, bytes.size());
    if (left_ > 0)
      left_ -= seen;
    else
      head_[known_++] = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(seen);
    if (known_ > 0 && known_ == wanted_)
      on_header();
    ended_ += is_amid() ? 0 : 1;
  }
  return too_long_ ? all - bytes.size() - 1 : all;
}

size_t frame_watch::header_bytes() const {
  const auto length = head_[1] & length_mask;
  return short_header_bytes + (length == medium_follows ? 2 : 0)
         + (length == long_follows ? 8 : 0) + (head_[1] & masked_bit ? key_bytes : 0);
}

uint64_t frame_watch::payload_bytes() const {
  uint64_t length = head_[1] & length_mask;
  if (length < medium_follows)
    return length;
  const size_t end = short_header_bytes + (length == medium_follows ? 2 : 8);
  length = 0;
  for (size_t i = short_header_bytes; i < end; ++i)
    length = length << 8 | head_[i];
  return length;
}

/// As much of the header is there as was wanted.
void frame_watch::on_header() {
  const auto header = header_bytes();
  const auto opcode = head_[0] & opcode_mask;
  const bool closes = opcode == close_opcode;
  if (known_ < header) {
    wanted_ = header;
    return;
  }
  if (closes && known_ == header && payload_bytes() >= code_bytes
      && payload_bytes() < medium_follows) {
    wanted_ = header + code_bytes;
    return;
  }
  if (known_ > header)
    return on_code();
  // Other frames than these Beast refuses by their headers.
  too_long_ = opcode <= last_data_opcode && (head_[1] & masked_bit) != 0
              && payload_bytes() > message_bytes_max;
  if ((opcode & control_bit) == 0)
    fragmented_ = (head_[0] & last_bit) == 0;
  said_goodbye_ = closes;
  left_ = payload_bytes();
  known_ = 0;
  wanted_ = short_header_bytes;
}

void frame_watch::on_code() {
  const auto* sent = &head_[known_ - code_bytes];
  const auto* key = sent - key_bytes;
  const bool masked = (head_[1] & masked_bit) != 0;
  const auto byte = [&](size_t i) { return masked ? sent[i] ^ key[i] : sent[i]; };
  code_ = static_cast<uint16_t>(byte(0) << 8 | byte(1));
  said_goodbye_ = true;
}

} // namespace sluice::websocket

#include "app/websocket/goodbye.hpp"

#include "actors/websocket/ws_frame.hpp"

#include <algorithm>

namespace sluice::websocket {

namespace {

// RFC 6455, 5.2.
constexpr uint8_t opcode_mask = 0x0f;
constexpr uint8_t close_opcode = 0x08;
constexpr uint8_t masked_bit = 0x80;
constexpr uint8_t length_mask = 0x7f;
constexpr uint8_t medium_follows = 126;
constexpr uint8_t long_follows = 127;
constexpr size_t short_header_bytes = 2;
constexpr size_t key_bytes = 4;
constexpr size_t code_bytes = 2;

/// Of the registry since RFC 6455: a gateway whose own server answered wrongly.
constexpr uint16_t bad_gateway = 1014;
constexpr uint16_t code_max = 4999;

constexpr uint16_t protocol_error = 1002;

} // namespace

void goodbye::look(std::string_view bytes) {
  while (!bytes.empty() && !over_) {
    if (left_ > 0) {
      const auto skipped = std::min<uint64_t>(left_, bytes.size());
      left_ -= skipped;
      bytes.remove_prefix(skipped);
      continue;
    }
    head_[known_++] = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    if (known_ == wanted_)
      on_header();
  }
}

size_t goodbye::header_bytes() const {
  const auto length = head_[1] & length_mask;
  return short_header_bytes + (length == medium_follows ? 2 : 0)
         + (length == long_follows ? 8 : 0) + (head_[1] & masked_bit ? key_bytes : 0);
}

uint64_t goodbye::payload_bytes() const {
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
void goodbye::on_header() {
  const auto header = header_bytes();
  const bool closes = (head_[0] & opcode_mask) == close_opcode;
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
  over_ = closes;
  left_ = payload_bytes();
  known_ = 0;
  wanted_ = short_header_bytes;
}

void goodbye::on_code() {
  const auto* sent = &head_[known_ - code_bytes];
  const auto* key = sent - key_bytes;
  const bool masked = (head_[1] & masked_bit) != 0;
  const auto byte = [&](size_t i) { return masked ? sent[i] ^ key[i] : sent[i]; };
  code_ = static_cast<uint16_t>(byte(0) << 8 | byte(1));
  over_ = true;
}

std::string answer_to_goodbye(std::string frame, std::optional<uint16_t> code) {
  if (!code || !is_close_frame(frame))
    return frame;
  if (*code == bad_gateway)
    return close_frame(bad_gateway, {});
  if (*code > code_max)
    return close_frame(protocol_error, "a close code is 4999 at most");
  return frame;
}

} // namespace sluice::websocket

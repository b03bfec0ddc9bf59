#include "bench/ws_message.hpp"

#include <ctime>
#include <stdexcept>

namespace sluice::bench {

namespace {

constexpr char text_frame = '\x81';
constexpr size_t short_frame = 126;
constexpr size_t longest_frame = 65'536;

void append_header(std::string& to, size_t size, bool masked) {
  const auto mask_bit = masked ? 0x80u : 0u;
  to += text_frame;
  if (size >= longest_frame)
    throw std::length_error("no frame of the bench is that long");
  if (size < short_frame) {
    to += static_cast<char>(mask_bit | size);
  } else {
    to += static_cast<char>(mask_bit | short_frame);
    to += static_cast<char>(size >> 8);
    to += static_cast<char>(size & 0xff);
  }
  if (masked)
    to.append(4, '\0');
}

} // namespace

std::string stamped_data(urgency how, uint64_t now_ns) {
  auto result = std::string{"\"@"} + static_cast<char>(how) + ':';
  const auto digits = std::to_string(now_ns);
  result.append(stamp_bytes - 3 - digits.size(), '0');
  result += digits;
  result.append(data_bytes - 1 - result.size(), 'x');
  return result + '"';
}

std::string publish_frame(urgency how, uint64_t now_ns) {
  const auto priority = how == urgency::critical ? R"(,"priority":"critical")" : "";
  return client_frame(R"({"op":"publish","topic":"bench","data":)"
                      + stamped_data(how, now_ns) + priority + '}');
}

std::string client_frame(std::string_view text) {
  std::string result;
  append_header(result, text.size(), true);
  return result.append(text);
}

void append_server_frame(std::string& to, std::string_view text) {
  append_header(to, text.size(), false);
  to.append(text);
}

std::string upgrade_request(std::string_view protocol) {
  std::string result{"GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                     "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"};
  if (!protocol.empty())
    result.append("Sec-WebSocket-Protocol: ").append(protocol).append("\r\n");
  return result + "\r\n";
}

uint64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000
         + static_cast<uint64_t>(now.tv_nsec);
}

} // namespace sluice::bench

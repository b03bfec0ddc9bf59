// What the bench's WebSocket programs say to each other: 100-byte messages that carry
// when they were published, in frames as RFC 6455 has them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::bench {

enum class urgency : char { normal = 'N', critical = 'C' };

/// `@N:` and the time in ns, in 19 digits, begin each message's data; `@` is nowhere
/// else.
constexpr size_t stamp_bytes = 22;
constexpr size_t data_bytes = 100;

/// A message's data, a JSON string of 100 bytes.
std::string stamped_data(urgency how, uint64_t now_ns);

/// `{"op":"publish",...}` as a client's frame. Its mask is 0, which changes nothing.
std::string publish_frame(urgency how, uint64_t now_ns);

std::string client_frame(std::string_view text);

/// A server's frame, which nothing masks.
void append_server_frame(std::string& to, std::string_view text);

/// Asks for an upgrade with this subprotocol, or without one.
std::string upgrade_request(std::string_view protocol);

uint64_t now_ns();

} // namespace sluice::bench

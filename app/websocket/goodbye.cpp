#include "app/websocket/goodbye.hpp"

#include "actors/websocket/ws_frame.hpp"

namespace sluice::websocket {

namespace {

/// Of the registry since RFC 6455: a gateway whose own server answered wrongly.
constexpr uint16_t bad_gateway = 1014;
constexpr uint16_t code_max = 4999;

constexpr uint16_t protocol_error = 1002;

} // namespace

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

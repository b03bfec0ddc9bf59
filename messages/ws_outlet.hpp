// A WEBSOCKET OUTLET is the writing half of a connection's socket: its batcher's alone.
// The reading half is somebody else's, on another thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sluice {

/// Close codes of RFC 6455 that the service itself gives.
enum class ws_close : uint16_t {
  going_away = 1001,
  wrong_kind = 1003,
  wrong_text = 1007,
  too_big = 1009,
  restart = 1012,
  try_again = 1013,
};

class ws_outlet {
public:
  virtual ~ws_outlet() = default;

  /// Hands to the kernel what it takes now, without waiting, and returns the bytes that
  /// it took; none once the connection is gone. Where it took less than all of it, the
  /// batcher hears `writable` when there is room again.
  virtual std::optional<size_t> write(std::span<const std::string_view> pieces) = 0;

  /// An answer or a control frame has gone out: the client may say more.
  virtual void answered() = 0;

  /// This client is to be gone. It has a moment since it last took anything: for what
  /// waits before the Close frame, and then, told again, to say goodbye too.
  virtual void farewell() = 0;

  /// Nothing more will be written.
  virtual void end() = 0;
};

} // namespace sluice

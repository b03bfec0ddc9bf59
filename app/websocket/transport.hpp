// A TRANSPORT is what a connection's bytes travel over, plain or TLS, once HTTP is done
// with it: read on the Asio thread, written to from any.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

namespace sluice::websocket {

class transport {
public:
  using read_handler = std::function<void(boost::system::error_code, size_t)>;

  virtual ~transport() = default;

  // -- on the Asio thread -------------------------------------------------------------

  virtual boost::asio::io_context& io() = 0;

  /// Reads some bytes. The handler keeps alive what the transport belongs to.
  virtual void read(boost::asio::mutable_buffer into, read_handler done) = 0;

  /// Calls once writing may go on, or the socket is gone. At most one waits.
  virtual void await_room(std::function<void()> then) = 0;

  /// Ends what is under way; nothing is written any more.
  virtual void close() = 0;

  // -- on any thread ------------------------------------------------------------------

  /// Hands over what fits now and returns how much that was; none once it is closed.
  virtual std::optional<size_t> write(std::span<const std::string_view> pieces) = 0;
};

} // namespace sluice::websocket

// A LISTENER accepts connections at one address, and hands each socket on.
#pragma once

#include "app/http/stream_connection.hpp"

#include <caf/expected.hpp>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace sluice::http {

using accept_handler = std::function<void(stream_socket, entrance)>;
using failure_handler = std::function<void(boost::system::error_code)>;

class listener {
public:
  virtual ~listener() = default;

  /// Starts accepting; tells each time that the system lets nobody in.
  virtual void run(accept_handler on_accept, failure_handler on_failure) = 0;

  /// Accepts no more.
  virtual void close() = 0;

  /// `127.0.0.1:3000`, or `unix:PATH`.
  virtual std::string name() const = 0;

  /// 0 for a unix socket.
  virtual uint16_t port() const { return 0; }
};

/// Binds; `unavailable` if the address cannot be had.
caf::expected<std::unique_ptr<listener>>
listen_tcp(boost::asio::io_context& io, const std::string& address, uint16_t port);

/// The same for a unix socket, for this user alone. A socket file that nobody listens
/// on is replaced; ours is removed at the end.
caf::expected<std::unique_ptr<listener>> listen_unix(boost::asio::io_context& io,
                                                     const std::string& path);

} // namespace sluice::http

// A socket with TLS. OpenSSL is one thread's: what another one writes is handed over.
#pragma once

#include "app/websocket/transport.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <memory>

namespace sluice::websocket {

using tls_stream =
  boost::asio::ssl::stream<boost::asio::generic::stream_protocol::socket>;

std::unique_ptr<transport> make_tls_transport(boost::asio::io_context& io,
                                              tls_stream stream);

} // namespace sluice::websocket

// A socket without TLS, written to with one call by whichever thread has something.
#pragma once

#include "app/websocket/transport.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <memory>

namespace sluice::websocket {

std::unique_ptr<transport>
make_plain_transport(boost::asio::io_context& io,
                     boost::asio::generic::stream_protocol::socket socket);

} // namespace sluice::websocket

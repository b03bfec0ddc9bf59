// The connections that there are, by what they run on.
#pragma once

#include "app/http/connection.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>

#include <memory>

namespace sluice::http {

/// A TCP or a unix socket.
using stream_socket = boost::asio::generic::stream_protocol::socket;

std::shared_ptr<connection> make_plain_connection(connection_pool& pool,
                                                  stream_socket socket, entrance where);

std::shared_ptr<connection> make_tls_connection(connection_pool& pool,
                                                stream_socket socket, entrance where,
                                                boost::asio::ssl::context& tls);

} // namespace sluice::http

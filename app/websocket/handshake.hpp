// What a client offers when it asks for a WebSocket, and which of it is taken.
#pragma once

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/option.hpp>

#include <string_view>

namespace sluice::websocket {

using upgrade_request = boost::beast::http::request<boost::beast::http::empty_body>;

constexpr std::string_view batch_protocol = "sluice.batch.v1";
constexpr std::string_view plain_protocol = "sluice.v1";

/// The first of the client's protocols that is ours, or none.
std::string_view chosen_protocol(const upgrade_request& x);

/// Leaves of the extensions that a client offers the first that can be kept. Beast would
/// look at no second, and answer a window of 256 bytes, which zlib lacks, with another
/// than was asked for.
void keep_fitting_offer(upgrade_request& x);

/// Whether Beast will agree on permessage-deflate, and with the window that pages are
/// deflated with.
bool takes_deflated_pages(const upgrade_request& x);

/// How Beast is to agree on permessage-deflate.
boost::beast::websocket::permessage_deflate deflate_options(bool wanted);

} // namespace sluice::websocket

// What a WebSocket client asks, as it comes in.
#pragma once

#include "messages/ws_batcher.hpp"

#include <string>

namespace sluice::json {

/// Longest `id` of a request, quotes included: it is sent back.
constexpr size_t request_id_bytes_max = 128;

/// Topics that one request may name.
constexpr size_t request_names_max = 10'000;

/// Reads one request. What cannot be read becomes a `ws_mistake`, with the request's id
/// where it has one that can be told.
ws_request read_ws_request(const std::string& text);

} // namespace sluice::json

// Which code a client is told that says goodbye. Beast judges codes by an older list than
// RFC 6455's registry: it refuses 1014, and takes what is past 4999.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::websocket {

/// The frame that answers a client who left with `code`, where Beast would send `frame`.
std::string answer_to_goodbye(std::string frame, std::optional<uint16_t> code);

} // namespace sluice::websocket

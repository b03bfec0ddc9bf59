// The header of an answer, as text.
#pragma once

#include "app/http/exchange.hpp"

#include <caf/timespan.hpp>

#include <optional>
#include <string>

namespace sluice::http {

/// Writes status line and fields, the empty line included. `kept` is how long the
/// connection waits for the next request; none if it ends.
std::string answer_head(const answer& what, std::optional<caf::timespan> kept);

} // namespace sluice::http

// The header of an answer, as text.
#pragma once

#include "app/http/exchange.hpp"

#include <string>

namespace sluice::http {

/// What the answer says about the connection.
enum class persistence { implied, keep_alive, close };

/// Writes status line and fields, the empty line included.
std::string answer_head(const answer& what, persistence how);

} // namespace sluice::http

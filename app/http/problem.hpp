// Problems as clients see them: RFC 7807, with a stable code.
#pragma once

#include "app/http/exchange.hpp"

namespace sluice::http {

/// The status that tells a client about this code.
unsigned status_of(ec code);

/// A problem of the service's own kind.
answer problem(ec code, std::string_view detail);

/// What an actor answered.
answer problem(const caf::error& why);

/// A problem of HTTP's kind, with a code that `ec` does not know.
answer problem(unsigned status, std::string_view code, std::string_view detail);

/// The words that belong to a status.
std::string_view reason(unsigned status);

} // namespace sluice::http

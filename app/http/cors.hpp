// What a browser wants to read in an answer before a page of another origin may see it
// (the Fetch standard calls it CORS). Who is refused is told nothing of it.
#pragma once

#include "app/http/exchange.hpp"

#include <string>
#include <string_view>

namespace sluice::http {

/// Header lines that let pages of `origin` read an answer.
std::string cors_fields(std::string_view origin);

/// The answer to a browser that asks, before a page's request, whether that may be sent.
/// It is the same for all paths: what is wrong with one, its own answer tells.
answer preflight_answer();

} // namespace sluice::http

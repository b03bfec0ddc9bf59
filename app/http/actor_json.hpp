// The actors as JSON, for whoever asks over HTTP or with sluicectl.
#pragma once

#include "app/http/survey_parts.hpp"
#include "messages/directory.hpp"

#include <string>
#include <vector>

namespace sluice::http {

/// Each with its own state, as far as it has told.
std::string actors_json(const std::vector<actor_entry>& all,
                        const survey_reports& states);

} // namespace sluice::http

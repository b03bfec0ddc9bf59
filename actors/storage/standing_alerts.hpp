// Alerts that STAND: what a person has to know even after it is over is a line in
// DATA/alerts until somebody acknowledges it.
#pragma once

#include "messages/status.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <string>
#include <vector>

namespace sluice {

/// Those of the data directory; an error if it cannot be told which there are.
caf::expected<std::vector<alert>> read_standing_alerts(const std::string& data_dir);

/// Has these stand and no others; on disk when it returns.
caf::error write_standing_alerts(const std::string& data_dir,
                                 const std::vector<alert>& all);

/// Adds one. If one of its id stands already, that one gets the new words.
caf::error raise_standing_alert(const std::string& data_dir, alert what);

} // namespace sluice

// What concerns more than one key: values that follow from others, and combinations
// that are refused.
#pragma once

#include "app/config/settings.hpp"

#include <caf/error.hpp>

namespace sluice::config {

/// Fills in what follows from other values.
void complete(settings& whole);

/// Refuses combinations that cannot work, or would leave the service open to others.
caf::error check_whole(const settings& whole);

} // namespace sluice::config

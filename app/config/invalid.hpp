// How an invalid setting is told: one line with the key, the value, and what is
// allowed.
#pragma once

#include "app/config/key.hpp"

#include <caf/error.hpp>

#include <string>
#include <string_view>

namespace sluice::config {

/// An error whose text is `invalid setting ` and `what`, on one line.
caf::error invalid(std::string_view what);

/// `where` tells the layer, and in a file the line.
caf::error invalid_value(const key& which, std::string_view spelling,
                         std::string_view where);

caf::error unknown_key(std::string_view name, std::string_view spelling,
                       std::string_view where);

} // namespace sluice::config

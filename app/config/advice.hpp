// What people write where other programs would take it, in the spelling that is taken
// here.
#pragma once

#include "app/config/key.hpp"

#include <string>
#include <string_view>

namespace sluice::config {

/// How a refused value is to be written; empty where that cannot be told.
std::string advised(const key& which, std::string_view spelling);

} // namespace sluice::config

// What errno means to a client: one mapping for every file that Sluice writes.
#pragma once

#include "messages/error.hpp"

#include <caf/error.hpp>

#include <string_view>

namespace sluice {

/// Full, over quota or too large: `disk_full`; anything else: `disk_failed`.
ec code_of_errno(int error_number);

/// An error saying what was done to which path, and what the system answered.
caf::error system_failure(std::string_view action, std::string_view path,
                          int error_number);

} // namespace sluice

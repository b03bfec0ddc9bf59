// The one table of keys, and the profiles. Parsing, checking, `--help`,
// `GET /v1/config`, `conf/sluice.ini` and `conf/README.md` are all made from it.
#pragma once

#include "app/config/key.hpp"

#include <string_view>
#include <vector>

namespace sluice::config {

/// Every key, grouped by section; those without a section come first.
const std::vector<key>& keys();

/// Returns the key of that name, or null.
const key* find_key(std::string_view name);

/// One value that a profile sets.
struct preset {
  std::string_view profile;
  std::string_view key;
  /// As the command line would spell it.
  std::string_view text;
  std::string_view why;
};

const std::vector<preset>& presets();

} // namespace sluice::config

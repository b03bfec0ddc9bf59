// The configuration file: CAF's INI, read by CAF, and held to what it says. CAF's
// reader drops without a word whatever it cannot place (a second value for a key,
// an unfinished last line, bytes behind a NUL), and takes `010` for eight. Here each
// of these is an error that names the line.
#pragma once

#include "app/config/key.hpp"

#include <caf/expected.hpp>

#include <string>
#include <vector>

namespace sluice::config {

/// One key of the file and what it is set to.
struct ini_entry {
  const key* which = nullptr;
  value what;
};

/// Reads `bytes`, which stand in `file`. Every entry has a known key and a value that
/// this key accepts.
caf::expected<std::vector<ini_entry>> read_ini(const std::string& file,
                                               const std::string& bytes);

} // namespace sluice::config

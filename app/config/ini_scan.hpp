// The lines of a configuration file as they are written, before CAF reads them:
// which key stands in which line, and how its value is spelled.
#pragma once

#include <caf/expected.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

struct ini_line {
  /// With its section: `http.port`.
  std::string name;
  /// The value as written, without a comment; of a list, its first line.
  std::string spelling;
  /// From 1.
  size_t number = 0;
};

/// Returns a line for each key. Refuses a key that stands twice, and bytes that are no
/// text. What is no key is CAF's to judge.
caf::expected<std::vector<ini_line>> scan_ini(const std::string& file,
                                              std::string_view text);

} // namespace sluice::config

// All layers together: defaults, profile, file, environment, command line.
#pragma once

#include "app/config/settings.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

enum class layer : uint8_t { fallback, profile, file, environment, command_line, set };

/// The layer's word in `GET /v1/config`.
std::string to_string(layer from);

/// What was asked for beside the settings.
enum class command : uint8_t {
  serve,
  help,
  version,
  print_ini,
  print_markdown,
  /// What a start with the same options would use.
  print_effective,
};

struct configuration {
  sluice::settings settings;
  /// Where each key's value comes from; a key that is not here has its default.
  std::map<std::string_view, layer> sources;
  command what = command::serve;
  /// The file of `--config-file=FILE`, or empty.
  std::string file;
};

/// Answers with the variable's value, or null.
using environment = std::function<const char*(const char* name)>;

/// Reads all layers. Every error is one line for standard error.
caf::expected<configuration> load_all(const std::vector<std::string>& arguments,
                                      const environment& variables);

/// The same while the service runs: a pipe, which the start has emptied, is not read
/// again.
caf::expected<configuration> load_again(const std::vector<std::string>& arguments,
                                        const environment& variables);

} // namespace sluice::config

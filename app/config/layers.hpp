// Each layer by itself: what it sets, as a list of assignments.
#pragma once

#include "app/config/key.hpp"
#include "app/config/load.hpp"

#include <caf/expected.hpp>

#include <string>
#include <vector>

namespace sluice::config {

struct assignment {
  const key* which = nullptr;
  value what;
};

using assignments = std::vector<assignment>;

struct command_line {
  command what = command::serve;
  /// The file of `--config-file=FILE`, or empty.
  std::string file;
  assignments values;

  bool sets_something() const { return !file.empty() || !values.empty(); }
};

caf::expected<command_line> read_command_line(const std::vector<std::string>& arguments);

caf::expected<assignments> read_file(const std::string& file);

/// `SECURECLAW_*`, as the system that Sluice implements documents them. `weaker` is
/// what the weaker layers say: switching debouncing on keeps a window set there.
caf::expected<assignments> read_environment(const environment& variables,
                                            const settings& weaker);

/// Refuses `production`, which waits for PostgreSQL.
caf::expected<assignments> read_profile(const std::string& name);

} // namespace sluice::config

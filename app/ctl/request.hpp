// What sluicectl was asked for on its command line.
#pragma once

#include "app/gate/tls.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ctl {

enum exit_code : int { done = 0, refused = 1, asked_wrongly = 2 };

struct request {
  bool json = false;
  /// Empty: the one that is found.
  std::string socket;
  /// A gate's HOST:PORT, and what it is shown; or empty.
  std::string connect;
  gate::credentials shown{"--", {}, {}, {}};
  std::string command;
  std::vector<std::string> words;
};

extern const std::string_view usage;

/// None: it was asked wrongly.
std::optional<request> read_request(const std::vector<std::string>& arguments);

/// The socket of the service whose data directory is `var` here, or else of the only
/// service of this user; empty if there is none, or several.
std::string find_socket();

} // namespace sluice::ctl

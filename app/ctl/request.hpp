// What sluicectl was asked for on its command line.
#pragma once

#include "app/gate/tls.hpp"

#include <caf/expected.hpp>

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

/// `invalid_argument`: it was asked wrongly. The text says how, with the nearest word
/// where one was misspelt, or is empty where only the usage helps.
caf::expected<request> read_request(const std::vector<std::string>& arguments);

/// The socket of the service whose data directory is `var` here, or else of the only
/// service of this user. `not_found` if there is none, or several, which the text names.
caf::expected<std::string> find_socket();

} // namespace sluice::ctl

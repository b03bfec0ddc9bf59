// Unix sockets by their path.
#pragma once

#include "actors/storage/unique_fd.hpp"

#include <caf/expected.hpp>

#include <string>

namespace sluice::wire {

/// Listens there, mode 0600, in the place of one whose process is gone.
/// `invalid_setting`: nothing can be bound there; `unavailable`: somebody listens.
caf::expected<unique_fd> listen_at(const std::string& path);

/// `unavailable`: nobody listens, or this user may not come in.
caf::expected<unique_fd> connect_to(const std::string& path);

} // namespace sluice::wire

// Unix sockets by their path.
#pragma once

#include "actors/storage/unique_fd.hpp"

#include <caf/expected.hpp>

#include <string>

namespace sluice::wire {

/// Listens there, mode 0600, in the place of one whose process is gone.
/// `invalid_setting`: nothing can be bound there; `unavailable`: somebody listens.
caf::expected<unique_fd> listen_at(const std::string& path);

/// Listens at a place of its own that is in no directory, for this process to connect to;
/// sets its name, as Asio and the kernel spell it.
caf::expected<unique_fd> listen_privately(std::string& name);

/// `unavailable`: nobody listens, or this user may not come in.
caf::expected<unique_fd> connect_to(const std::string& path);

/// The same, and `refused` if another user listens there than this one or root: what he
/// sends is read by CAF, which trusts its peers.
caf::expected<unique_fd> connect_to_own(const std::string& path);

} // namespace sluice::wire

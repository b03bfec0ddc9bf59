// Where the introspection of a data directory's service is, if its settings do not say.
#pragma once

#include <string>
#include <vector>

namespace sluice::wire {

/// The sockets that it may have, the likeliest first: beside the spool that the data
/// directory remembers, and in the data directory.
std::vector<std::string> socket_places(const std::string& data_dir);

/// That of a spool's directory, or of a data directory without a spool.
std::string socket_in(const std::string& directory);

/// Whether there is a socket of that path.
bool is_socket(const std::string& path);

} // namespace sluice::wire

// Bytes out of the middle of an open file, all of them or an error.
#pragma once

#include "messages/metrics_aggregator.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <string>

namespace sluice {

caf::expected<std::string> read_range(int fd, const std::string& path, uint64_t offset,
                                      uint64_t size, io_counts& io);

} // namespace sluice

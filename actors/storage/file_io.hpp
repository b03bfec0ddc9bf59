// One write and one read of a file, interrupted ones repeated, each counted.
#pragma once

#include "messages/metrics_aggregator.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string_view>

namespace sluice {

/// Logs and databases outgrow 2 GiB on the smallest machine.
static_assert(sizeof(off_t) == sizeof(int64_t));

inline ssize_t write_some(int fd, std::string_view bytes, io_counts& io) {
  ssize_t written;
  do {
    written = ::write(fd, bytes.data(), bytes.size());
  } while (written < 0 && errno == EINTR);
  ++io.writes;
  if (written > 0)
    io.write_bytes += static_cast<uint64_t>(written);
  return written;
}

inline ssize_t read_at(int fd, char* buffer, size_t size, uint64_t offset,
                       io_counts& io) {
  ssize_t got;
  do {
    got = ::pread(fd, buffer, size, static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  ++io.reads;
  if (got > 0)
    io.read_bytes += static_cast<uint64_t>(got);
  return got;
}

} // namespace sluice

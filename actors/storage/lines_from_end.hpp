// The lines of a file from its last to its first, however long they are: no more than a
// block of it is in memory.
#pragma once

#include "actors/storage/append_file.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace sluice {

class lines_from_end {
public:
  /// `file` has `size` bytes, and outlives this like `io`, which counts what is read.
  lines_from_end(const append_file& file, uint64_t size, io_counts& io)
      : file_(file), io_(io), end_(size), block_from_(size) {}

  struct place {
    uint64_t offset = 0;
    /// LF included, if there is one.
    uint64_t size = 0;
  };

  /// Returns where the line before is; none at the front.
  caf::expected<std::optional<place>> next();

private:
  const append_file& file_;
  io_counts& io_;
  /// Where the line before ends.
  uint64_t end_;
  std::string block_;
  uint64_t block_from_;
};

} // namespace sluice

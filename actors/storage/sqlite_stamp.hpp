// Which file a path names, and when that was last written: what is compared to know
// whether a database's files are still the open ones.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sluice::sqlite {

struct file_stamp {
  uint64_t device = 0;
  uint64_t inode = 0;
  int64_t size = 0;
  int64_t written_ns = 0;

  bool operator==(const file_stamp&) const = default;

  bool is_file(const file_stamp& x) const {
    return device == x.device && inode == x.inode;
  }
};

/// The stamp of what the path names now; none if it names nothing.
std::optional<file_stamp> stamp_of(const std::string& path);

/// A database's files; the last two are there in WAL mode only.
struct open_files {
  /// The database's, links followed: what the others' names are made of.
  std::string path = {};
  std::optional<file_stamp> database = {};
  std::optional<file_stamp> wal = {};
  std::optional<file_stamp> index = {};
};

struct wal_progress {
  uint32_t salt1 = 0;
  uint32_t salt2 = 0;
  /// Frames that are in the database, and that a checkpoint set out to bring there.
  uint32_t moved = 0;
  uint32_t to_move = 0;

  bool operator==(const wal_progress&) const = default;
};

} // namespace sluice::sqlite

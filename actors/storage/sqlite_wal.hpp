// Follows the WAL file: how many frames it holds, and how many of those are in the
// database by now. It asks no disk; the commits and checkpoints themselves tell.
#pragma once

#include "actors/storage/sqlite_connection.hpp"

#include <cstdint>
#include <string>

namespace sluice::sqlite {

class wal_tracker {
public:
  /// Starts with what an earlier process left. Until the first checkpoint its frames are
  /// counted by the file's size, which may be too many.
  void opened(connection& db, const vfs& files, const std::string& path);

  /// Takes note of commits, if there were any since.
  void committed(connection& db, const vfs& files);

  /// Takes note of a checkpoint, and completes its report.
  void checkpointed(checkpoint_report& report);

  const wal_state& state() const { return state_; }

private:
  void set_frames(int64_t frames);
  int64_t file_bytes() const;

  std::string file_;
  int64_t page_bytes_ = 0;
  uint64_t restarts_ = 0;
  wal_state state_;
};

} // namespace sluice::sqlite

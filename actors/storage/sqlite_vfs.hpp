// Counts what SQLite does to its files: a thin layer over the default VFS, one for
// each connection, so that its counters belong to that connection's thread. Only the
// database, its WAL and its journals are counted; shared memory and temporary files
// never reach the data directory's disk.
#pragma once

#include "messages/metrics_aggregator.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

struct sqlite3_vfs;

namespace sluice::sqlite {

enum class io_operation : uint8_t { read = 0, write = 1, sync = 2 };

class vfs {
public:
  vfs();
  ~vfs();
  vfs(const vfs&) = delete;
  vfs& operator=(const vfs&) = delete;

  /// The name to open a connection with.
  const char* name() const { return name_.c_str(); }

  /// What was counted since this was last asked.
  io_counts take();

  /// Rises each time the WAL begins anew, its old frames being in the database.
  uint64_t wal_restarts() const { return wal_restarts_; }

  /// Calls this with true as a sync begins, and with false as it ends.
  void on_sync(std::function<void(bool)> f) { on_sync_ = std::move(f); }

  /// Lets the next `times` calls of this kind fail with this SQLite code: how a test
  /// breaks the disk.
  void fail(io_operation operation, int code, uint64_t times);

private:
  friend struct counted_file;

  struct fault {
    int code = 0;
    uint64_t times = 0;
  };

  int fault_of(io_operation operation);
  void count(io_operation operation, uint64_t bytes);

  std::string name_;
  std::unique_ptr<sqlite3_vfs> table_;
  io_counts counts_;
  uint64_t wal_restarts_ = 0;
  std::function<void(bool)> on_sync_ = [](bool) {};
  std::array<fault, 3> faults_;
};

} // namespace sluice::sqlite

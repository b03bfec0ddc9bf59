// Counts what SQLite does to its files, and knows which files those are: a thin layer
// over the default VFS, one for each connection, so that its counters belong to that
// connection's thread. Shared memory is not counted: it never reaches the disk.
//
// Temporary files, in which SQLite sorts and keeps what does not fit into its cache, lie
// beside the database, without a name, and may be bounded.
#pragma once

#include "actors/storage/sqlite_stamp.hpp"
#include "messages/metrics_aggregator.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <utility>

struct sqlite3;
struct sqlite3_file;
struct sqlite3_vfs;

namespace sluice::sqlite {

/// `sort`: a write to a temporary file, for whoever breaks the disk.
enum class io_operation : uint8_t { read = 0, write = 1, sync = 2, sort = 3 };

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

  /// Rises each time something is written to the WAL.
  uint64_t wal_writes() const { return wal_writes_; }

  /// What is open, as its paths named it when it was opened.
  const open_files& opened() const { return opened_; }

  /// Whether the database's file was written through here since this was last asked.
  bool take_written();

  /// How far the WAL and its checkpoints are, by the index that all who have the
  /// database open share; zeros where there is none.
  wal_progress progress() const;

  /// Whether what was written to the database's file last is still what it holds; false
  /// if nothing was.
  bool holds_what_was_written() const;

  /// Lets SQLite have no more than so many bytes of files to sort in, or as many as it
  /// likes.
  void limit_temp_bytes(uint64_t max);
  void unlimit_temp_bytes() { temp_bytes_max_ = no_limit; }

  /// Whether SQLite was refused some of those since they were limited last.
  bool has_spent_temp_bytes() const { return temp_bytes_spent_; }

  /// Whether the disk under this connection's files has been full since the transaction
  /// began. SQLite says FULL too where a table has no number left for a row. True where
  /// nobody knows.
  static bool met_full_disk(sqlite3* db);

  /// Whether what failed last of this connection's files is a temporary one, of which the
  /// database knows nothing.
  static bool met_broken_temp_file(sqlite3* db);

  /// What is found by the two counts from here on.
  void forget_failures() {
    full_ = false;
    temp_failed_ = false;
  }

  /// Whether a temporary file can be had.
  bool can_sort();

  /// Bytes that were written since this was last asked for with all else.
  uint64_t written_bytes() const { return counts_.write_bytes; }

  /// Calls this with true as a sync begins, and with false as it ends. A sync is not kept
  /// from anything by its failing: then the end is told when the counts are taken.
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

  static constexpr auto name_begins = "sluice-";
  static constexpr auto no_limit = std::numeric_limits<uint64_t>::max();

  const char* temp_name();
  bool take_temp_bytes(uint64_t bytes);

  static vfs* of(sqlite3* db);
  /// Notes what kind of file has failed, if one has.
  int blame(int code, bool is_temp);
  int fault_of(io_operation operation);
  void tell_sync(bool goes_on);
  void count(io_operation operation, uint64_t bytes);

  std::string name_;
  std::unique_ptr<sqlite3_vfs> table_;
  io_counts counts_;
  uint64_t wal_restarts_ = 0;
  uint64_t wal_writes_ = 0;
  std::function<void(bool)> on_sync_ = [](bool) {};
  /// What it was called with last.
  bool told_of_sync_ = false;
  std::array<fault, 4> faults_;

  void note_opened(const char* path, int flags, sqlite3_file* file);
  void note_index(const char* path, volatile void* index);
  void note_unmapped();
  void note_closed(const sqlite3_file* file);
  void note_written(const void* from, int n, int64_t at);
  void note_truncated(int64_t bytes);

  /// So many of the last writes are kept, to know the file again by.
  static constexpr size_t written_max = 4;

  struct page {
    int64_t at = 0;
    std::string bytes;
  };

  open_files opened_;
  sqlite3_file* database_ = nullptr;
  volatile void* index_ = nullptr;
  bool written_ = false;
  std::deque<page> pages_;

  /// Of the file that is opened next: it has lost it by the time it is open.
  std::string temp_name_;
  uint64_t temp_bytes_ = 0;
  uint64_t temp_bytes_max_ = no_limit;
  bool temp_bytes_spent_ = false;
  bool full_ = false;
  bool temp_failed_ = false;
};

} // namespace sluice::sqlite

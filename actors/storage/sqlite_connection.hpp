// One open SQLite database, used by one thread. Everything in the service that opens,
// asks or closes a database file does it through this class.
#pragma once

#include "actors/storage/sqlite_authorizer.hpp"
#include "actors/storage/sqlite_deadline.hpp"
#include "actors/storage/sqlite_statement.hpp"
#include "actors/storage/sqlite_value_limit.hpp"
#include "actors/storage/sqlite_vfs.hpp"
#include "messages/sqlite_writer.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/timespan.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;

namespace sluice::sqlite {

enum class access : uint8_t { read_only = 0, read_write = 1 };

class connection {
public:
  /// `files` counts what is done to the database's files, and outlives this.
  explicit connection(vfs& files) : files_(files) {}
  ~connection() { close(); }
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Opens `path`, creating it where it may be written, with all of SQLite's doors
  /// closed that the service does not use.
  caf::error open(const std::string& path, access mode);

  /// Ends every statement and lets go of the files. Checkpoints nothing.
  void close();

  bool is_open() const { return db_ != nullptr; }

  /// Compiles exactly one statement. `invalid_argument`: there is none, or more. `sql`
  /// must stay until the statement has run.
  caf::expected<statement> prepare(std::string_view sql, sql_origin origin);

  /// Runs a statement of our own.
  caf::error run(std::string_view sql);

  /// Runs a statement of our own that is not worth keeping (a pragma), and returns one
  /// column of its rows.
  caf::expected<std::vector<std::string>> ask(std::string_view sql, int column = 0);

  /// From here on statements run within these bounds, until `unbound`: they are ended so
  /// long from now, and the values and the files to sort in are no larger.
  void bound(caf::timespan time, size_t value_bytes, size_t temp_bytes);
  void unbound();

  /// When what runs now is ended.
  const deadline& until() const { return deadline_; }

  /// How large a value may be in the statement that was prepared last.
  size_t value_bytes() const { return values_.bytes(); }

  /// What SQLite's last call said, as its primary code.
  int last_code() const;

  /// Whether files to sort in would have become larger than they may.
  bool has_spent_temp_bytes() const { return files_.has_spent_temp_bytes(); }

  /// What fails from here on counts, and nothing before (`vfs::met_full_disk`,
  /// `met_lack_of_memory`).
  void forget_failures();

  /// Whether a temporary file can be had, and how much was written to all files.
  bool can_sort() const { return files_.can_sort(); }
  uint64_t written_bytes() const { return files_.written_bytes(); }

  /// Rises when something is written to the WAL.
  uint64_t wal_writes() const { return files_.wal_writes(); }

  /// Writes what is changed and not committed to where a commit would put it.
  caf::error write_out();

  // -- memory (sqlite_connection_memory.cpp) ------------------------------------------

  /// Lets go of all memory that the connection can do without.
  void shrink();

  /// Bytes that the schema takes in this connection.
  size_t schema_bytes() const;

  /// Reads the schema as it is now, unless that was done. Returns whether anybody else
  /// may have had to do so since this was called last.
  caf::expected<bool> load_schema();

  /// Whether foreign keys are enforced. Only between transactions.
  caf::error enforce_foreign_keys(bool on);

  /// Whether our own statements run without triggers and foreign keys: what those do is
  /// others' doing. Each change from our SQL to users' has all SQL compiled anew then.
  void run_own_alone(bool alone) { own_alone_ = alone; }

  /// Whether the user's statement that was prepared last changes the schema.
  bool changes_schema() const { return authorizer_.changes_schema(); }

  /// Ends what a `PRAGMA defer_foreign_keys` began, if there was one: the next request
  /// in the same transaction is not to inherit it.
  caf::error end_deferral();

  /// Whether no transaction is open. A failed statement may have ended it.
  bool in_autocommit() const;

  /// Whether a deferred foreign key waits to be satisfied.
  bool has_open_foreign_keys() const;

  /// Rows changed by the statement that ran last, after `total_changes` told that it
  /// changed any.
  int64_t changes() const;
  int64_t total_changes() const;

  int64_t last_insert_rowid() const;
  void forget_last_insert_rowid();

  /// Frames in the WAL after the last commit; -1 if there was none since this was last
  /// asked.
  int64_t take_wal_frames();

  /// Learns about the WAL from now on. To be called after SQLite's own checkpoints are
  /// off: setting them removes the hook.
  void watch_wal();

  /// Checkpoints. Being kept from it by others is an outcome, not an error; frames that
  /// SQLite could not tell are -1.
  caf::expected<checkpoint_report> checkpoint(checkpoint_mode mode);

  /// How long a statement or a checkpoint waits for another connection's lock.
  void wait_for_locks(caf::timespan limit);

  struct cache_counts {
    uint64_t hits = 0;
    uint64_t misses = 0;
  };

  /// Page cache hits and misses since this was last asked.
  cache_counts take_cache_counts();

private:
  caf::error harden(access mode);
  caf::error run_for(sql_origin origin);
  caf::error error_of(int code) const;

  vfs& files_;
  sqlite3* db_ = nullptr;
  authorizer authorizer_;
  /// By origin: what our own SQL may do, the same text from a user may not.
  std::array<statement_cache, 2> caches_;
  /// Whether foreign keys are wanted, whether triggers and they are to be kept out of our
  /// own statements, and whether they are.
  bool enforced_ = true;
  bool own_alone_ = false;
  bool alone_ = false;
  deadline deadline_;
  value_limit values_;
  /// SQLite's number of the schema that was loaded last.
  std::string loaded_;
  int64_t wal_frames_ = -1;
};

} // namespace sluice::sqlite

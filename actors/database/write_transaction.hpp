// One transaction after the other on the writer's connection, synced or not: what both
// the commits of requests and those of the queue are made of.
//
// A synced commit covers every commit before it. After an I/O error nothing is promised
// to be on disk, whatever SQLite says later.
#pragma once

#include "actors/storage/sqlite_bounds.hpp"
#include "actors/storage/sqlite_connection.hpp"
#include "actors/storage/sqlite_query.hpp"
#include "actors/storage/sqlite_schema_watch.hpp"
#include "messages/durability.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct write_config {
  bool wal = true;
  /// As in the settings. From `full` on, every commit is a synced one.
  std::string synchronous = "normal";
  /// What a user's write may take.
  sqlite::bounds request = {};
  /// Bytes of rows that a user's write may return.
  size_t result_bytes_max = 16'777'216;
};

class write_transaction {
public:
  /// `schema` watches the same database. `suspect`: an I/O error was seen, and nothing
  /// can be promised to be on disk.
  write_transaction(sqlite::connection& db, sqlite::schema_watch& schema,
                    const write_config& cfg, bool suspect)
      : db_(db), schema_(schema), cfg_(cfg), suspect_(suspect) {}

  /// Whether a commit for this level must be synced.
  bool is_synced(durability level) const;

  caf::error begin(bool synced);

  /// Changes something, so that the open transaction has a frame to write.
  caf::error touch();

  /// Commits, or leaves no transaction behind.
  caf::error commit();

  /// Ends the transaction, if there is one.
  void roll_back();

  /// Whether no transaction is open: a statement may have ended it.
  bool has_ended() const { return db_.in_autocommit(); }

  /// An error if none is open that was begun: SQLite ends one when it lacks memory, and
  /// tells nobody if that was while a value was read. What is run then would be done for
  /// good, alone.
  caf::error check_open() const;

  /// Runs a write; what it did stays in the transaction, even if it failed.
  caf::expected<sql_receipt> run(const sql_write& x);

  /// Runs a write so that it alone can be undone; but one that failed and did not fit
  /// into memory ends the transaction. An error here is the transaction's, not the
  /// write's.
  caf::error run_in_savepoint(const sql_write& x, caf::expected<sql_receipt>& outcome);

  /// What a write's first statements set `PRAGMA foreign_keys` to, if they do: a
  /// migration, which runs alone. SQLite does not hear the pragma in a transaction.
  static std::optional<bool> foreign_keys_wanted(const sql_write& x);

  /// To be called around a write that runs alone: does before the transaction what such
  /// a write wants, checks before the commit that no row refers to nothing, and enforces
  /// foreign keys again after the end.
  caf::error begin_migration(const sql_write& x);
  caf::error check_migration();
  void end_migration();

  /// Brings everything committed so far to disk.
  caf::error sync();

  /// Remembers an I/O error, whoever met it.
  caf::error note(caf::error err);

  sqlite::connection& db() { return db_; }

  uint64_t commits() const { return commits_; }

  /// How many were begun.
  uint64_t begun() const { return begun_; }

  /// Whether everything committed here is on disk.
  bool is_on_disk() const { return on_disk_ && !suspect_; }

  /// Whether an I/O error was seen, here or before.
  bool is_suspect() const { return suspect_; }

  /// What the I/O error said that was seen here last.
  const std::string& failure() const { return failure_; }

private:
  caf::expected<sql_receipt> results_within_bounds(const sql_write& x);
  caf::expected<sql_receipt> results_of(const sql_write& x);
  caf::error do_what_was_put_off();
  caf::error run_once(sqlite::statement& x, const sql_row& params,
                      const std::vector<std::string>& names, sqlite::result_room& room,
                      sql_result& result);
  void lower();
  bool take_back();

  sqlite::connection& db_;
  sqlite::schema_watch& schema_;
  const write_config& cfg_;
  bool suspect_;
  /// Whether the open transaction's commit is to be a synced one.
  bool synced_ = false;
  /// Whether commits are synced now that by the settings would not be.
  bool raised_ = false;
  bool on_disk_ = false;
  /// Whether a migration runs, and whether it wants foreign keys enforced.
  bool migrating_ = false;
  bool enforced_ = true;
  uint64_t commits_ = 0;
  uint64_t begun_ = 0;
  std::string failure_;
};

} // namespace sluice

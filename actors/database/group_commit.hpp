// Commits a group of writes in one transaction, and yet each as if it were alone: what
// is wrong with one of them harms no other, and nobody is told before the commit.
//
// A statement may end the transaction itself (OR ROLLBACK, RAISE(ROLLBACK), a full
// disk); the statements after it would then commit one by one, and those before it are
// gone. So the transaction is looked for after every statement. If it has ended, the
// culprit runs by itself, those before and those after it as groups of their own, in
// the order in which they came.
#pragma once

#include "actors/database/write_request.hpp"
#include "actors/storage/sqlite_connection.hpp"

#include <caf/timespan.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct group_commit_config {
  bool wal = true;
  /// As in the settings. From `full` on, every commit is a synced one.
  std::string synchronous = "normal";
  /// A statement that runs longer is ended.
  caf::timespan statement_time_max = std::chrono::seconds{5};
  /// Bytes of rows that one write may return.
  size_t result_bytes_max = 16'777'216;
};

class group_commit {
public:
  /// `suspect`: an I/O error was seen, and nothing can be promised to be on disk.
  group_commit(sqlite::connection& db, const group_commit_config& cfg, bool suspect)
      : db_(db), cfg_(cfg), suspect_(suspect) {}

  /// Gives each write its outcome.
  void run(std::vector<write_request>& group);

  /// Brings everything committed so far to disk.
  caf::error sync();

  uint64_t commits() const { return commits_; }

  /// Whether an I/O error was seen, here or before.
  bool is_suspect() const { return suspect_; }

  /// What the I/O error said that was seen here last.
  const std::string& failure() const { return failure_; }

private:
  using members = std::vector<write_request*>;

  void run(members group);
  void run_alone(write_request& x);
  std::optional<size_t> run_together(const members& group);
  caf::error run_in_savepoint(write_request& x);
  void commit_together(const members& group, bool synced);
  void run_statements(write_request& x);
  caf::error run_once(sqlite::statement& x, const sql_row& params, size_t& bytes_left,
                      sql_result& result);
  caf::expected<sql_receipt> results_of(const sql_write& x);

  bool is_synced(const write_request& x) const;
  bool refuse_if_suspect(write_request& x);
  caf::error begin(bool synced);
  caf::error commit(bool synced);
  void roll_back();
  void lower();
  caf::error note(caf::error err);

  sqlite::connection& db_;
  const group_commit_config& cfg_;
  bool suspect_;
  /// Whether commits are synced now that by the settings would not be.
  bool raised_ = false;
  uint64_t commits_ = 0;
  std::string failure_;
};

} // namespace sluice

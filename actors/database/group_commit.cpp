#include "actors/database/group_commit.hpp"

#include "actors/storage/sqlite_query.hpp"
#include "actors/storage/sqlite_settings.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

// -- the group ------------------------------------------------------------------

void group_commit::run(std::vector<write_request>& group) {
  members all;
  all.reserve(group.size());
  for (auto& x : group)
    all.push_back(&x);
  run(std::move(all));
}

void group_commit::run(members group) {
  while (true) {
    std::erase_if(group, [this](write_request* x) { return refuse_if_suspect(*x); });
    if (group.size() <= 1)
      break;
    auto culprit = run_together(group);
    if (!culprit)
      return;
    auto at = group.begin() + static_cast<std::ptrdiff_t>(*culprit);
    run(members{group.begin(), at});
    run_alone(**at);
    group.erase(group.begin(), at + 1);
  }
  if (!group.empty())
    run_alone(*group.front());
}

/// Runs the group in one transaction. Returns the member that ended it, if one did;
/// else every member has its outcome.
std::optional<size_t> group_commit::run_together(const members& group) {
  auto synced = std::any_of(group.begin(), group.end(),
                            [this](const write_request* x) { return is_synced(*x); });
  if (auto err = begin(synced)) {
    for (auto* x : group)
      x->outcome = err;
    return std::nullopt;
  }
  for (size_t i = 0; i < group.size(); ++i) {
    auto err = run_in_savepoint(*group[i]);
    if (!err && !db_.in_autocommit())
      continue;
    roll_back();
    return i;
  }
  commit_together(group, synced);
  return std::nullopt;
}

/// Runs a write so that it alone can be undone. An error here is the transaction's, not
/// the write's.
caf::error group_commit::run_in_savepoint(write_request& x) {
  if (auto err = db_.run("SAVEPOINT sluice_request"))
    return note(std::move(err));
  run_statements(x);
  if (db_.in_autocommit())
    return caf::none;
  if (x.outcome && db_.has_open_foreign_keys())
    x.outcome = caf::make_error(ec::refused, "FOREIGN KEY constraint failed");
  if (!x.outcome)
    if (auto err = db_.run("ROLLBACK TO sluice_request"))
      return note(std::move(err));
  return note(db_.run("RELEASE sluice_request"));
}

void group_commit::commit_together(const members& group, bool synced) {
  auto err = commit(synced);
  auto busy = code_of(err) == ec::unavailable; // alone, each would only wait again
  for (auto* x : group) {
    if (!x->outcome)
      continue;
    if (!err)
      x->outcome->level = synced ? durability::disk : durability::ram;
    else if (busy)
      x->outcome = err;
    else if (!refuse_if_suspect(*x))
      run_alone(*x);
  }
}

void group_commit::run_alone(write_request& x) {
  if (refuse_if_suspect(x))
    return;
  auto synced = is_synced(x);
  if (auto err = begin(synced)) {
    x.outcome = std::move(err);
    return;
  }
  run_statements(x);
  if (x.outcome && db_.in_autocommit())
    x.outcome = caf::make_error(ec::refused, "the write ended its own transaction");
  if (x.outcome)
    if (auto err = commit(synced))
      x.outcome = std::move(err);
  if (x.outcome)
    x.outcome->level = synced ? durability::disk : durability::ram;
  else
    roll_back();
}

caf::error group_commit::sync() {
  if (auto err = begin(true))
    return err;
  return commit(true);
}

// -- one write ------------------------------------------------------------------

void group_commit::run_statements(write_request& x) {
  db_.forget_last_insert_rowid();
  x.outcome = results_of(x.write);
  if (!x.outcome)
    note(x.outcome.error());
}

caf::expected<sql_receipt> group_commit::results_of(const sql_write& x) {
  // A batch of no rows cannot be told from a plain statement here, and would run it once:
  // whoever reads batches from outside answers an empty one without asking us.
  auto batch = !x.rows.empty();
  if (x.statements.empty() || (batch && x.statements.size() != 1))
    return caf::make_error(ec::invalid_argument, "a write is statements, or rows of one");
  sql_receipt receipt;
  auto bytes_left = cfg_.result_bytes_max;
  for (const auto& y : x.statements) {
    auto statement = db_.prepare(y.sql, x.origin);
    if (!statement)
      return std::move(statement.error());
    auto& result = receipt.results.emplace_back();
    if (!batch)
      if (auto err = run_once(*statement, y.params, bytes_left, result))
        return err;
    for (const auto& row : x.rows)
      if (auto err = run_once(*statement, row, bytes_left, result))
        return err;
  }
  return receipt;
}

caf::error group_commit::run_once(sqlite::statement& x, const sql_row& params,
                                  size_t& bytes_left, sql_result& result) {
  if (auto err = x.bind(params))
    return err;
  auto before = db_.total_changes();
  db_.limit_time(cfg_.statement_time_max);
  auto err = sqlite::collect(x, bytes_left, result);
  db_.unlimit_time();
  x.reset();
  if (err)
    return err;
  // SQLite's count of changes stays what it was when a statement cannot change rows.
  if (db_.total_changes() != before)
    result.changes += db_.changes();
  result.last_insert_rowid = db_.last_insert_rowid();
  return caf::none;
}

// -- the transaction ------------------------------------------------------------

bool group_commit::is_synced(const write_request& x) const {
  return x.level == durability::disk || cfg_.synchronous == "full"
         || cfg_.synchronous == "extra";
}

bool group_commit::refuse_if_suspect(write_request& x) {
  if (!suspect_ || x.level != durability::disk)
    return false;
  x.outcome = caf::make_error(
    ec::disk_failed, "the disk failed, and the database is not proven sound yet");
  return true;
}

caf::error group_commit::begin(bool synced) {
  // With a rollback journal, only EXTRA makes the journal's removal last.
  std::string word = cfg_.wal ? "full" : "extra";
  if (synced && cfg_.synchronous != word && cfg_.synchronous != "extra") {
    raised_ = true;
    if (auto err = sqlite::set_synchronous(db_, word))
      return note(std::move(err));
  }
  auto err = note(db_.run("BEGIN IMMEDIATE"));
  if (err)
    lower();
  return err;
}

/// Commits, or leaves no transaction behind. A synced commit always changes something:
/// one that writes no frame syncs nothing, not even what was committed before it.
caf::error group_commit::commit(bool synced) {
  caf::error err;
  if (synced) {
    err = db_.run("CREATE TABLE IF NOT EXISTS sluice_sync("
                  "id INTEGER PRIMARY KEY CHECK (id = 1), commits INTEGER NOT NULL)");
    if (!err)
      err = db_.run("INSERT INTO sluice_sync VALUES (1, 1) "
                    "ON CONFLICT (id) DO UPDATE SET commits = commits + 1");
  }
  if (!err)
    err = db_.run("COMMIT");
  note(err);
  if (!err)
    ++commits_;
  roll_back();
  return err;
}

/// Ends the transaction, if there is one.
void group_commit::roll_back() {
  if (!db_.in_autocommit())
    note(db_.run("ROLLBACK"));
  lower();
}

/// Goes back to what is synced by the settings.
void group_commit::lower() {
  if (std::exchange(raised_, false))
    note(sqlite::set_synchronous(db_, cfg_.synchronous));
}

/// Remembers an I/O error, whoever met it.
caf::error group_commit::note(caf::error err) {
  if (code_of(err) == ec::disk_failed) {
    suspect_ = true;
    failure_ = text_of(err);
  }
  return err;
}

} // namespace sluice

#include "actors/database/write_transaction.hpp"

#include "actors/detail/short_text.hpp"
#include "actors/storage/sqlite_settings.hpp"
#include "actors/storage/sqlite_tokens.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace sluice {

namespace {

/// Of the name that a client gave a table.
constexpr size_t name_bytes_told_max = 160;

} // namespace

// -- the transaction ------------------------------------------------------------

bool write_transaction::is_synced(durability level) const {
  return level == durability::disk || cfg_.synchronous == "full"
         || cfg_.synchronous == "extra";
}

caf::error write_transaction::begin(bool synced) {
  synced_ = synced;
  // With a rollback journal, only EXTRA makes the journal's removal last.
  std::string word = cfg_.wal ? "full" : "extra";
  if (synced && cfg_.synchronous != word && cfg_.synchronous != "extra") {
    raised_ = true;
    if (auto err = sqlite::set_synchronous(db_, word))
      return note(std::move(err));
  }
  db_.forget_failures();
  auto err = note(db_.run("BEGIN IMMEDIATE"));
  if (!err)
    err = note(schema_.look());
  if (err)
    roll_back();
  else
    ++begun_;
  return err;
}

/// A synced commit always changes something: one that writes no frame syncs nothing, not
/// even what was committed before it.
caf::error write_transaction::commit() {
  caf::error err;
  if (synced_)
    err = touch();
  if (!err)
    err = db_.run("COMMIT");
  note(err);
  if (!err) {
    ++commits_;
    on_disk_ = synced_;
  }
  roll_back();
  if (code_of(err) == ec::disk_failed && cfg_.wal && !take_back())
    err = caf::make_error(ec::disk_failed,
                          text_of(err)
                            + "; whether the write was done is known once the database "
                              "was reopened");
  return err;
}

/// A commit whose sync failed is whole in the WAL, and would be found there when the
/// database is reopened. What is committed next takes its place. Returns whether it did.
bool write_transaction::take_back() {
  auto err = db_.run("BEGIN IMMEDIATE");
  if (!err)
    err = touch();
  if (!err)
    err = db_.run("COMMIT");
  if (!db_.in_autocommit())
    note(db_.run("ROLLBACK"));
  return !err;
}

caf::error write_transaction::touch() {
  if (auto err =
        db_.run("CREATE TABLE IF NOT EXISTS sluice_sync("
                "id INTEGER PRIMARY KEY CHECK (id = 1), commits INTEGER NOT NULL)"))
    return err;
  return db_.run("INSERT INTO sluice_sync VALUES (1, 1) "
                 "ON CONFLICT (id) DO UPDATE SET commits = commits + 1");
}

void write_transaction::roll_back() {
  if (!db_.in_autocommit())
    note(db_.run("ROLLBACK"));
  lower();
}

/// Goes back to what is synced by the settings.
void write_transaction::lower() {
  if (std::exchange(raised_, false))
    note(sqlite::set_synchronous(db_, cfg_.synchronous));
}

caf::error write_transaction::sync() {
  if (auto err = begin(true))
    return err;
  return commit();
}

caf::error write_transaction::check_open() const {
  if (!has_ended())
    return caf::none;
  return caf::make_error(ec::unavailable,
                         "the database has ended the transaction, for want of memory");
}

caf::error write_transaction::note(caf::error err) {
  if (code_of(err) == ec::disk_failed) {
    suspect_ = true;
    failure_ = text_of(err);
  }
  return err;
}

// -- migrations -----------------------------------------------------------------

std::optional<bool> write_transaction::foreign_keys_wanted(const sql_write& x) {
  if (x.origin != sql_origin::user || x.statements.size() < 2)
    return std::nullopt;
  std::optional<bool> wanted;
  for (const auto& y : x.statements) {
    auto set = sqlite::foreign_keys_set_by(y.sql);
    if (!set)
      break;
    wanted = set;
  }
  return wanted;
}

caf::error write_transaction::begin_migration(const sql_write& x) {
  auto wanted = foreign_keys_wanted(x);
  if (!wanted)
    return caf::none;
  auto is_set = [](const sql_statement& y) {
    return sqlite::foreign_keys_set_by(y.sql).has_value();
  };
  auto front = std::find_if_not(x.statements.begin(), x.statements.end(), is_set);
  auto back = std::find_if_not(x.statements.rbegin(), x.statements.rend(), is_set).base();
  if (front < back && std::any_of(front, back, is_set))
    return caf::make_error(ec::refused, "PRAGMA foreign_keys stands before all other "
                                        "statements of a transaction, or behind them");
  migrating_ = true;
  enforced_ = *wanted;
  return note(db_.enforce_foreign_keys(enforced_));
}

caf::error write_transaction::check_migration() {
  if (!migrating_ || enforced_)
    return caf::none;
  sqlite::bounded_request request{db_, cfg_.request};
  auto broken = db_.prepare("PRAGMA foreign_key_check", sql_origin::sluice);
  if (!broken)
    return note(request.judge(std::move(broken.error())));
  // One is enough: there may be as many as there are rows.
  auto row = broken->step();
  if (!row)
    return note(request.judge(std::move(row.error())));
  if (!*row)
    return caf::none;
  auto table = broken->text();
  detail::shorten(table, name_bytes_told_max);
  return caf::make_error(ec::refused, "FOREIGN KEY constraint failed: afterwards rows of "
                                        + table
                                        + " would refer to rows that are not there");
}

void write_transaction::end_migration() {
  if (std::exchange(migrating_, false))
    note(db_.enforce_foreign_keys(true));
}

// -- one write ------------------------------------------------------------------

caf::expected<sql_receipt> write_transaction::run(const sql_write& x) {
  db_.forget_last_insert_rowid();
  auto receipt = x.origin == sql_origin::user ? results_within_bounds(x) : results_of(x);
  if (!receipt)
    note(receipt.error());
  return receipt;
}

caf::error write_transaction::run_in_savepoint(const sql_write& x,
                                               caf::expected<sql_receipt>& outcome) {
  if (auto err = check_open())
    return err;
  if (auto err = db_.run("SAVEPOINT sluice_request"))
    return note(std::move(err));
  const auto written = db_.wal_writes();
  outcome = run(x);
  if (has_ended())
    return caf::none;
  if (outcome && db_.has_open_foreign_keys())
    outcome = caf::make_error(ec::refused, "FOREIGN KEY constraint failed");
  if (auto err = db_.end_deferral())
    return note(std::move(err));
  // SQLite 3.40 may sum frames up wrongly once some that were in the WAL already are
  // undone by a savepoint: who opens it anew finds nothing that is committed from then
  // on.
  if (!outcome && db_.wal_writes() != written) {
    roll_back();
    return caf::none;
  }
  if (!outcome)
    if (auto err = db_.run("ROLLBACK TO sluice_request"))
      return note(std::move(err));
  return note(db_.run("RELEASE sluice_request"));
}

caf::expected<sql_receipt> write_transaction::results_within_bounds(const sql_write& x) {
  if (auto err = schema_.reload())
    return err;
  sqlite::bounded_request request{db_, cfg_.request};
  auto receipt = results_of(x);
  if (receipt)
    if (auto err = do_what_was_put_off())
      receipt = std::move(err);
  return request.judge(std::move(receipt));
}

/// Full-text indexes write, and merge what they have written, at the next savepoint or at
/// the commit, where no bounds would hold.
caf::error write_transaction::do_what_was_put_off() {
  if (!schema_.has_virtual_tables() || has_ended())
    return caf::none;
  if (auto err = db_.run("SAVEPOINT sluice_put_off"))
    return err;
  return db_.run("RELEASE sluice_put_off");
}

caf::expected<sql_receipt> write_transaction::results_of(const sql_write& x) {
  // A batch of no rows cannot be told from a plain statement here, and would run it once:
  // whoever reads batches from outside answers an empty one without asking us.
  auto batch = !x.rows.empty();
  if (x.statements.empty() || (batch && x.statements.size() != 1))
    return caf::make_error(ec::invalid_argument, "a write is statements, or rows of one");
  sql_receipt receipt;
  sqlite::result_room room{
    x.origin == sql_origin::user ? cfg_.result_bytes_max : SIZE_MAX, x.room};
  auto schema_changed = false;
  for (const auto& y : x.statements) {
    if (migrating_ && sqlite::foreign_keys_set_by(y.sql)) {
      receipt.results.emplace_back(); // done before, and undone after
      continue;
    }
    auto statement = db_.prepare(y.sql, x.origin);
    if (!statement)
      return std::move(statement.error());
    if (db_.changes_schema())
      schema_.changing();
    auto& result = receipt.results.emplace_back();
    if (!batch)
      if (auto err = run_once(*statement, y.params, y.names, room, result))
        return err;
    for (const auto& row : x.rows)
      if (auto err = run_once(*statement, row, y.names, room, result))
        return err;
    schema_changed = schema_changed || db_.changes_schema();
  }
  if (schema_changed)
    if (auto err = schema_.judge(cfg_.request.schema_bytes_max))
      return err;
  return receipt;
}

caf::error write_transaction::run_once(sqlite::statement& x, const sql_row& params,
                                       const std::vector<std::string>& names,
                                       sqlite::result_room& room, sql_result& result) {
  if (auto err = check_open())
    return err;
  if (auto err = x.bind(params, names))
    return err;
  auto before = db_.total_changes();
  auto err = sqlite::collect(x, room, result);
  x.reset();
  if (err)
    return err;
  // SQLite's count of changes stays what it was when a statement cannot change rows.
  if (db_.total_changes() != before)
    result.changes += db_.changes();
  result.last_insert_rowid = db_.last_insert_rowid();
  return caf::none;
}

} // namespace sluice

// The writer's maintenance, its eye on what others made of the schema, and its way back
// after an I/O error.
#include "actors/database/sqlite_writer.hpp"

#include "actors/detail/wall_clock.hpp"

#include <utility>

namespace sluice {

caf::expected<maintenance_report> sqlite_writer_state::maintain(maintenance_kind kind) {
  maintenance_report report;
  if (!has_its_files())
    return files_error();
  if (kind == maintenance_kind::integrity_check) {
    auto found = db_.ask("PRAGMA integrity_check");
    if (!found)
      return note(std::move(found.error()));
    report.ok = *found == std::vector<std::string>{"ok"};
    if (!report.ok)
      report.errors = std::move(*found);
    return report;
  }
  if (auto err = db_.run(kind == maintenance_kind::analyze ? "ANALYZE" : "VACUUM"))
    return note(std::move(err));
  ++stats_.commits;
  ++counts_.commits;
  tell_wal();
  report_counts();
  return report;
}

// -- what others made of the schema ---------------------------------------------

/// What cannot be looked at now is looked at by the first transaction.
void sqlite_writer_state::look_at_schema() {
  schema_.forget();
  note(schema_.look());
  stats_.opened.ties = ties();
}

/// Empty if there is nothing to tell.
std::string sqlite_writer_state::ties() const {
  auto found = schema_.ties();
  return found.empty() ? found
                       : "in " + cfg_.database.path
                           + " this is tied to the service's own tables: " + found
                           + ". Those are used without triggers and foreign keys until "
                             "it is dropped";
}

void sqlite_writer_state::tell_schema(status_report& report) {
  if (auto found = ties(); found.empty())
    tied_.clear();
  else
    tied_.note(std::move(found));
  tied_.tell(report);
  const auto bytes = schema_.bytes();
  if (const auto max = commit_cfg_.request.schema_bytes_max; bytes <= max)
    large_.clear();
  else
    large_.note("the schema of " + cfg_.database.path + " takes " + std::to_string(bytes)
                + " bytes of memory in each connection, " + std::to_string(max)
                + " are allowed by sqlite.max-memory-bytes: it is served, and may only "
                  "become smaller");
  large_.tell(report);
}

// -- the way back ---------------------------------------------------------------

maintenance_report sqlite_writer_state::recover() {
  if (!has_its_files())
    return recover_replaced();
  db_.close();
  queue_.seq = 0; // until it is read again
  auto err = prove();
  report_counts();
  if (err)
    return {false, {text_of(err)}};
  stats_.suspect = false;
  io_error_.reset();
  tell_recovered();
  tell_sessions();
  return {};
}

/// What the process believed is forgotten; what the files hold is looked at.
caf::error sqlite_writer_state::prove() {
  if (auto opened = open(); !opened)
    return std::move(opened.error());
  auto moved = checkpoint(checkpoint_mode::truncate, cfg_.database.busy_timeout);
  if (!moved)
    return std::move(moved.error());
  if (moved->busy)
    return caf::make_error(ec::unavailable, "a reader holds the WAL");
  auto found = db_.ask("PRAGMA quick_check");
  if (!found)
    return note(std::move(found.error()));
  if (*found != std::vector<std::string>{"ok"})
    return caf::make_error(ec::disk_failed, found->empty() ? "" : found->front());
  return caf::none;
}

caf::error sqlite_writer_state::note(caf::error err) {
  if (code_of(err) == ec::disk_failed)
    suspect(text_of(err));
  return err;
}

void sqlite_writer_state::suspect(const std::string& reason) {
  stats_.suspect = true;
  if (!io_error_) {
    ++io_errors_;
    // A checkpoint may have met it, which nobody else waits for.
    for (const auto& listener : files_listeners_)
      self_->send(listener, atom::recover_v, reason);
  }
  auto since = io_error_ ? io_error_->since_ms : detail::wall_clock_ms();
  io_error_ = alert{"database-io-error", cfg_.database.path + ": " + reason, since};
}

} // namespace sluice

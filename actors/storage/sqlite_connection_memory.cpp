// What a connection keeps in memory: pages, and the schema, all tables, views and
// triggers of it, parsed. SQLite reads that again whenever it has changed, in the midst
// of whichever statement comes first; but it is everybody's, and nobody is to pay for it.
#include "actors/storage/sqlite_connection.hpp"
#include "actors/storage/sqlite_memory.hpp"

#include <sqlite3.h>

#include <utility>

namespace sluice::sqlite {

void connection::forget_failures() {
  files_.forget_failures();
  forget_lack_of_memory();
}

void connection::shrink() {
  if (db_ != nullptr)
    sqlite3_db_release_memory(db_);
}

caf::error connection::write_out() {
  return error_of(sqlite3_db_cacheflush(db_));
}

size_t connection::schema_bytes() const {
  int now = 0, high = 0;
  if (db_ != nullptr)
    sqlite3_db_status(db_, SQLITE_DBSTATUS_SCHEMA_USED, &now, &high, 0);
  return static_cast<size_t>(now);
}

caf::expected<bool> connection::load_schema() {
  const auto before = schema_bytes();
  // Only what reads a table has SQLite look whether its schema is the one of now.
  auto read = ask("SELECT 1 FROM main.sqlite_schema LIMIT 1");
  if (!read)
    return std::move(read.error());
  auto version = ask("PRAGMA schema_version");
  if (!version)
    return std::move(version.error());
  auto now = version->empty() ? std::string{} : std::move(version->front());
  const auto is_new = std::exchange(loaded_, now) != now;
  return is_new || schema_bytes() > before;
}

} // namespace sluice::sqlite

// The settings of a connection: each is set, read back, and refused if SQLite did not
// take it. A setting that silently has no effect is worse than none.
#pragma once

#include "actors/storage/file_rights.hpp"
#include "actors/storage/sqlite_connection.hpp"
#include "messages/sqlite_writer.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <string>

namespace sluice::sqlite {

struct settings {
  std::string path;
  /// False: a rollback journal, deleted after each commit.
  bool wal = true;
  /// `off`, `normal`, `full` or `extra`.
  std::string synchronous = "normal";
  uint64_t cache_kib = 10'000;
  /// Bytes that a WAL or journal file may keep once its content is not needed.
  uint64_t journal_size_limit = 67'108'864;
  /// Bytes of WAL past which nothing is written until it was cut.
  uint64_t wal_bytes_max = 1'073'741'824;
  /// How long a statement waits for another process's lock.
  caf::timespan busy_timeout = std::chrono::seconds{5};
  /// Of users' requests: bytes that SQLite may hold for all of them, beyond the caches;
  /// and bytes of files that one may sort in.
  uint64_t memory_bytes_max = 67'108'864;
  uint64_t temp_bytes_max = 268'435'456;
  file_rights rights = {};
};

/// Opens the connection that writes; `invalid_setting` names the key and what SQLite
/// said.
caf::expected<sqlite_opened> open_writer(connection& db, const settings& x);

/// Opens a connection that reads.
caf::error open_reader(connection& db, const settings& x);

/// Sets how far a commit is synced: SQLite's word, as in the settings. Only between
/// transactions.
caf::error set_synchronous(connection& db, const std::string& word);

} // namespace sluice::sqlite

// A SQLITE READER owns one read-only connection and runs one query at a time. The
// DATABASE sends it queries. Between two it holds no snapshot, which would keep the WAL
// from being checkpointed. Spawn it detached: it blocks on the disk.
#pragma once

#include "actors/storage/sqlite_bounds.hpp"
#include "actors/storage/sqlite_settings.hpp"
#include "messages/sqlite_reader.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace sluice {

struct sqlite_reader_config {
  sqlite::settings database;
  /// A user's query that runs longer is ended.
  caf::timespan query_timeout = std::chrono::seconds{5};
  /// Bytes of rows that a user's query may return.
  size_t max_result_bytes = 16'777'216;
};

class sqlite_reader_state {
public:
  static inline const char* name = "sqlite-reader";

  explicit sqlite_reader_state(sqlite_reader_actor::pointer self) : self_(self) {}

  void init(sqlite_reader_config cfg);

  caf::expected<sql_result> query(const sql_statement& x, sql_origin origin);
  bool close();
  metrics_report collect();
  status_report status() const;
  stop_report stop();

private:
  caf::expected<sql_result> run_bounded(const sql_statement& x);
  caf::expected<sql_result> run_within(const sqlite::bounds& within,
                                       const sql_statement& x, bool& ran_short);
  caf::expected<sql_result> run(const sql_statement& x, sql_origin origin);
  void let_go_of_memory();

  sqlite_reader_actor::pointer self_;
  sqlite_reader_config cfg_;
  sqlite::bounds bounds_;
  sqlite::vfs files_;
  sqlite::connection db_{files_};
  /// Bytes that SQLite may keep between two queries.
  size_t kept_bytes_max_ = 0;
  uint64_t queries_ = 0;
  uint64_t refused_ = 0;
  /// Counted, and not told yet.
  metrics_delta counts_;
};

sqlite_reader_actor::behavior_type
sqlite_reader(sqlite_reader_actor::stateful_pointer<sqlite_reader_state> self,
              sqlite_reader_config cfg);

} // namespace sluice

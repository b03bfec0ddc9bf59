// The DATABASE is what everybody asks who has SQL: it gives writes to the writer,
// queries to the first reader that is free, and brings the database back after an
// I/O error.
#pragma once

#include "messages/sqlite_writer.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace sluice {

struct database_stats {
  std::string type;
  sqlite_writer_stats writer;
  /// Statements run for requests, and requests that wrote, since start.
  uint64_t queries = 0;
  uint64_t transactions = 0;
  /// Queries that wait for a reader.
  uint64_t waiting_queries = 0;
  /// Age of the oldest query that runs now, in ms.
  int64_t oldest_query_ms = 0;

  bool operator==(const database_stats&) const = default;
};

/// What is counted from the start of the service on, however often the database's actors
/// are started anew. Each counts some of it, and passes on the rest as it got it.
struct database_past {
  uint64_t queries = 0;
  uint64_t transactions = 0;
  uint64_t commits = 0;
  uint64_t checkpoints = 0;
  int64_t last_checkpoint_at_ms = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
  /// Of the queue.
  uint64_t accepted = 0;
  uint64_t restored = 0;
  uint64_t dead_letters = 0;

  /// Takes over what another has counted further.
  void raise_to(const database_past& x);

  bool operator==(const database_past&) const = default;
};

/// Whoever remembers it.
using database_heir_actor = caf::typed_actor<
  /// What one of them had counted when it ended.
  caf::reacts_to<atom::retire, database_past>>;

using database_actor = caf::typed_actor<
  /// Runs one read-only statement on a reader.
  caf::replies_to<atom::query, sql_statement, sql_origin>::with<sql_result>,
  /// Commits a write.
  caf::replies_to<atom::execute, sql_write, durability>::with<sql_receipt>,
  /// Applies queued writes in order, each exactly once.
  caf::replies_to<atom::apply, sql_batch>::with<sql_batch_outcome>,
  /// Checkpoints now.
  caf::replies_to<atom::checkpoint, checkpoint_mode>::with<checkpoint_report>,
  /// Checkpoints once no query runs, as the scheduler wishes.
  caf::replies_to<atom::checkpoint, checkpoint_mode,
                  caf::timespan>::with<checkpoint_report>,
  /// Runs a check, ANALYZE or VACUUM.
  caf::replies_to<atom::maintain, maintenance_kind>::with<maintenance_report>,
  /// Tells the database's numbers; never checkpoints.
  caf::replies_to<atom::stats>::with<database_stats>,
  /// A sync of the writer's begins (true), or has ended.
  caf::reacts_to<atom::sync, bool>,
  /// The writer found the database's files replaced.
  caf::reacts_to<atom::replace, std::string>,
  /// The writer met an I/O error.
  caf::reacts_to<atom::recover, std::string>,
  // internal: queries that run have been waited for long enough.
  caf::reacts_to<atom::tick, uint64_t>,
  // internal: looks whether it takes too long.
  caf::reacts_to<atom::check, uint64_t>,
  // internal: tries again to prove the database sound.
  caf::reacts_to<atom::recover,
                 uint64_t>>::extend_with<metered_actor>::extend_with<managed_actor>;

// -- implementation -------------------------------------------------------------

inline void database_past::raise_to(const database_past& x) {
  queries = std::max(queries, x.queries);
  transactions = std::max(transactions, x.transactions);
  commits = std::max(commits, x.commits);
  checkpoints = std::max(checkpoints, x.checkpoints);
  last_checkpoint_at_ms = std::max(last_checkpoint_at_ms, x.last_checkpoint_at_ms);
  cache_hits = std::max(cache_hits, x.cache_hits);
  cache_misses = std::max(cache_misses, x.cache_misses);
  accepted = std::max(accepted, x.accepted);
  restored = std::max(restored, x.restored);
  dead_letters = std::max(dead_letters, x.dead_letters);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, database_past& x) {
  return f(caf::meta::type_name("database_past"), x.queries, x.transactions, x.commits,
           x.checkpoints, x.last_checkpoint_at_ms, x.cache_hits, x.cache_misses,
           x.accepted, x.restored, x.dead_letters);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, database_stats& x) {
  return f(caf::meta::type_name("database_stats"), x.type, x.writer, x.queries,
           x.transactions, x.waiting_queries, x.oldest_query_ms);
}

} // namespace sluice

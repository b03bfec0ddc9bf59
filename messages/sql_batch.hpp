// A BATCH of queued SQL on its way into the database: applied in order, each write
// exactly once, and the mark that says how far in the same transaction.
#pragma once

#include "messages/durability.hpp"
#include "messages/error.hpp"
#include "messages/sql.hpp"
#include "messages/status.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

/// A write built once, and shared by whoever queues it and whoever applies it.
struct shared_write {
  std::shared_ptr<const sql_write> data;

  bool operator==(const shared_write&) const = default;
};

struct queued_write {
  uint64_t seq = 0;
  /// Null if what was queued cannot be read.
  shared_write write;
  /// Why it is to be set aside instead of being applied, or empty.
  std::string refusal = {};
  /// The bytes that cannot be read.
  std::string unreadable = {};

  bool operator==(const queued_write&) const = default;
};

struct sql_batch {
  /// Under which spool the numbers were given.
  std::string spool;
  /// Up to which number the sender believes everything applied. If the database holds
  /// less, nothing is applied.
  uint64_t after = 0;
  std::vector<queued_write> writes;
  /// `disk`: everything applied up to here is synced too.
  durability level = durability::ram;

  bool operator==(const sql_batch&) const = default;
};

/// What of the queue a database holds.
struct queue_mark {
  /// The database's own identity; empty until something was applied.
  std::string database;
  std::string spool;
  uint64_t seq = 0;

  bool operator==(const queue_mark&) const = default;
};

/// How far a batch came. A database that cannot take it now is an outcome, not an
/// error: the sender must know how much is in.
struct sql_batch_outcome {
  /// What the database holds now.
  queue_mark mark;
  /// `disk` if all of that is synced.
  durability level = durability::ram;
  /// Writes applied by this batch, their SQL and parameters in bytes, and their
  /// statements; a batch of rows has one a row.
  uint64_t writes = 0;
  uint64_t bytes = 0;
  uint64_t statements = 0;
  /// Writes set aside by this batch.
  uint64_t dead_letters = 0;
  /// Why the rest must wait, or none.
  ec code = ec::none;
  std::string detail = {};

  bool operator==(const sql_batch_outcome&) const = default;
};

/// Whoever wants to know what became of the queue's commits.
using queue_listener_actor = caf::typed_actor<
  /// Everything up to here is on disk.
  caf::reacts_to<atom::sync, queue_mark>,
  /// The database was reopened; this is what it holds.
  caf::reacts_to<atom::recover, queue_mark>>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, shared_write& x) {
  // Only its being there is told: it may be as large as a request.
  auto there = x.data != nullptr;
  return f(caf::meta::type_name("shared_write"), there);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, queued_write& x) {
  return f(caf::meta::type_name("queued_write"), x.seq, x.write, x.refusal, x.unreadable);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_batch& x) {
  return f(caf::meta::type_name("sql_batch"), x.spool, x.after, x.writes, x.level);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, queue_mark& x) {
  return f(caf::meta::type_name("queue_mark"), x.database, x.spool, x.seq);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_batch_outcome& x) {
  return f(caf::meta::type_name("sql_batch_outcome"), x.mark, x.level, x.writes, x.bytes,
           x.statements, x.dead_letters, x.code, x.detail);
}

} // namespace sluice

// The SQLITE WRITER owns the one connection that writes. While more than one write
// is in flight it commits them together; each is answered after the commit, and
// the failure of one harms no other. Requests to it have no timeout.
#pragma once

#include "messages/durability.hpp"
#include "messages/error.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/session_store.hpp"
#include "messages/sql_batch.hpp"
#include "messages/status.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

/// What was read back from SQLite after opening.
struct sqlite_opened {
  std::string path;
  std::string journal_mode;
  /// SQLite's word: `normal`, `full`, ...
  std::string synchronous;
  int64_t cache_kib = 0;
  /// What of others' is tied to the service's own tables, in words; empty if nothing is.
  std::string ties = {};

  bool operator==(const sqlite_opened&) const = default;
};

struct sql_receipt {
  /// One a statement; for rows a single result with the changes summed.
  std::vector<sql_result> results;
  /// `ram` after a commit, `disk` after a synced one.
  durability level = durability::ram;

  bool operator==(const sql_receipt&) const = default;
};

enum class checkpoint_mode : uint8_t { passive = 0, full = 1, restart = 2, truncate = 3 };

inline std::string to_string(checkpoint_mode mode) {
  switch (mode) {
    case checkpoint_mode::passive:
      return "passive";
    case checkpoint_mode::full:
      return "full";
    case checkpoint_mode::restart:
      return "restart";
    case checkpoint_mode::truncate:
      return "truncate";
  }
  return "unknown";
}

struct checkpoint_report {
  /// A reader or another writer kept it from finishing.
  bool busy = false;
  /// Frames in the WAL, and how many of them are in the database now.
  int64_t wal_frames = 0;
  int64_t checkpointed = 0;
  /// Size of the WAL file afterwards.
  int64_t wal_bytes = 0;

  bool operator==(const checkpoint_report&) const = default;
};

/// The WAL after a commit or a checkpoint.
struct wal_state {
  /// Bytes that its frames take; the file may be longer.
  int64_t bytes = 0;
  int64_t frames = 0;
  /// How many of the frames are in the database by now.
  int64_t checkpointed = 0;

  bool operator==(const wal_state&) const = default;
};

enum class maintenance_kind : uint8_t { integrity_check = 0, analyze = 1, vacuum = 2 };

inline std::string to_string(maintenance_kind kind) {
  switch (kind) {
    case maintenance_kind::integrity_check:
      return "integrity-check";
    case maintenance_kind::analyze:
      return "analyze";
    case maintenance_kind::vacuum:
      return "vacuum";
  }
  return "unknown";
}

struct maintenance_report {
  bool ok = true;
  std::vector<std::string> errors;

  bool operator==(const maintenance_report&) const = default;
};

struct sqlite_writer_stats {
  sqlite_opened opened;
  uint64_t commits = 0;
  uint64_t checkpoints = 0;
  int64_t last_checkpoint_at_ms = 0;
  wal_state wal;
  /// Page cache of this connection.
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
  /// An I/O error was seen, and the database was not proven sound since.
  bool suspect = false;

  bool operator==(const sqlite_writer_stats&) const = default;
};

/// Whoever wants to know how the WAL grows.
using wal_listener_actor = caf::typed_actor<
  /// The WAL after a commit or a checkpoint.
  caf::reacts_to<atom::wal, wal_state>>;

/// Whoever wants to know how long syncs take.
using sync_listener_actor = caf::typed_actor<
  /// A sync of the database begins (true), or has ended.
  caf::reacts_to<atom::sync, bool>>;

/// Whoever brings the database back once its files were replaced, or are in doubt.
using files_listener_actor = caf::typed_actor<
  /// A path of the database names another file than the open one, or none, or what was
  /// in it was overwritten; the text says which. Nothing is committed until `recover`.
  caf::reacts_to<atom::replace, std::string>,
  /// An I/O error, told here, has left the database in doubt: it is to be recovered.
  caf::reacts_to<atom::recover, std::string>>;

using sqlite_writer_actor = caf::typed_actor<
  /// Opens the database, creating it, and reads the settings back.
  caf::replies_to<atom::open>::with<sqlite_opened>,
  /// Commits the write, with others in flight; `disk` is synced first.
  caf::replies_to<atom::execute, sql_write, durability>::with<sql_receipt>,
  /// Applies queued writes in order, each exactly once; `disk` is synced first.
  caf::replies_to<atom::apply, sql_batch>::with<sql_batch_outcome>,
  /// Moves WAL frames into the database, waiting for readers and other writers
  /// at most this long.
  caf::replies_to<atom::checkpoint, checkpoint_mode,
                  caf::timespan>::with<checkpoint_report>,
  /// Runs a check, ANALYZE or VACUUM.
  caf::replies_to<atom::maintain, maintenance_kind>::with<maintenance_report>,
  /// Looks whether the database's files are still those that are open.
  caf::replies_to<atom::check>::with<bool>,
  /// Closes, reopens and proves the database after an I/O error, or once its files were
  /// replaced; what was in those is saved first. To be asked only when every reader has
  /// closed.
  caf::replies_to<atom::recover>::with<maintenance_report>,
  /// Tells this listener about the WAL from now on.
  caf::reacts_to<atom::attach, wal_listener_actor>,
  /// Tells this listener about syncs from now on.
  caf::reacts_to<atom::attach, sync_listener_actor>,
  /// Tells this listener when the files were replaced, or are in doubt.
  caf::reacts_to<atom::attach, files_listener_actor>,
  /// Tells this listener about the queue's commits from now on.
  caf::reacts_to<atom::attach, queue_listener_actor>,
  /// Tells this listener what a recovery has left of the sessions.
  caf::reacts_to<atom::attach, session_listener_actor>,
  /// Tells the writer's numbers.
  caf::replies_to<atom::stats>::with<sqlite_writer_stats>,
  // internal: the wait for this group's others is over.
  caf::reacts_to<atom::commit,
                 uint64_t>>::extend_with<metered_actor>::extend_with<managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sqlite_opened& x) {
  return f(caf::meta::type_name("sqlite_opened"), x.path, x.journal_mode, x.synchronous,
           x.cache_kib, x.ties);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_receipt& x) {
  return f(caf::meta::type_name("sql_receipt"), x.results, x.level);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, checkpoint_report& x) {
  return f(caf::meta::type_name("checkpoint_report"), x.busy, x.wal_frames,
           x.checkpointed, x.wal_bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, wal_state& x) {
  return f(caf::meta::type_name("wal_state"), x.bytes, x.frames, x.checkpointed);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, maintenance_report& x) {
  return f(caf::meta::type_name("maintenance_report"), x.ok, x.errors);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sqlite_writer_stats& x) {
  return f(caf::meta::type_name("sqlite_writer_stats"), x.opened, x.commits,
           x.checkpoints, x.last_checkpoint_at_ms, x.wal, x.cache_hits, x.cache_misses,
           x.suspect);
}

} // namespace sluice

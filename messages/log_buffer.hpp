// A LOG BUFFER holds one log's lines until a flush is due: by count, by bytes, or
// by the age of the oldest line. Lines come in chunks, one line or thousands.
#pragma once

#include "messages/credit.hpp"
#include "messages/durability.hpp"
#include "messages/error.hpp"
#include "messages/log_writer.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/status.hpp"

#include <caf/timespan.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice {

struct log_chunk {
  /// Whole lines, each ended by LF.
  std::string lines;
  /// How many they are.
  uint64_t count = 0;
  /// Held until the lines are in the spool or, without one, in the file.
  credit charge;
  /// A level below which the lines are refused instead: `memory` takes any.
  durability at_least = durability::memory;

  bool operator==(const log_chunk&) const = default;
};

struct log_receipt {
  uint64_t accepted = 0;
  /// Number of the chunk's last line; rises by one a line.
  uint64_t seq = 0;
  /// `ram` once the lines are in the spool.
  durability level = durability::memory;

  bool operator==(const log_receipt&) const = default;
};

struct log_stats {
  /// Writes that reached the file, and their bytes.
  uint64_t total_writes = 0;
  uint64_t total_bytes_written = 0;
  /// Lines that wait, and their bytes.
  uint64_t buffered_lines = 0;
  uint64_t buffered_bytes = 0;
  /// End of the last successful flush in ms since 1970, or 0.
  int64_t last_flush_at_ms = 0;
  uint64_t accepted = 0;
  uint64_t dropped = 0;
  /// Whether the last write or sync failed.
  bool failing = false;

  bool operator==(const log_stats&) const = default;
};

struct named_log_stats {
  std::string log;
  log_stats stats;

  bool operator==(const named_log_stats&) const = default;
};

/// What goes on counting for a log whose buffer has ended.
struct log_past {
  log_stats stats;
  /// Writes and syncs that failed.
  uint64_t failures = 0;

  bool operator==(const log_past&) const = default;
};

/// Whoever remembers what was counted for a log whose buffer has ended.
using log_heir_actor = caf::typed_actor<
  /// What the buffer of this log had counted when it died.
  caf::reacts_to<atom::retire, std::string, log_past>>;

/// When a log is written, as far as that can be changed while the service runs.
struct log_limits {
  uint64_t max_entries = 100;
  uint64_t max_bytes = 65'536;
  caf::timespan flush_interval = std::chrono::seconds{5};
  /// Sync with every flush, not only when asked.
  bool sync = false;

  bool operator==(const log_limits&) const = default;
};

using log_buffer_actor = caf::typed_actor<
  /// Takes the chunk whole, or refuses it.
  caf::replies_to<atom::append, log_chunk>::with<log_receipt>,
  /// Answers once every line taken so far, in flight included, is in the file.
  caf::replies_to<atom::flush>::with<flush_report>,
  /// Answers once every line up to this number is on disk; concurrent requests
  /// share one sync. The answer is the level reached.
  caf::replies_to<atom::persist, uint64_t>::with<durability>,
  /// Returns the last lines, waiting ones included.
  caf::replies_to<atom::tail, tail_bounds>::with<log_tail>,
  /// Tells the log's numbers.
  caf::replies_to<atom::stats>::with<log_stats>,
  /// Keeps these limits from the next window on.
  caf::reacts_to<atom::apply, log_limits>,
  /// Writes through this writer from now on: the one before is dead, and how far it
  /// came is looked at in the file.
  caf::reacts_to<atom::attach, log_writer_actor>,
  /// Tells how long nobody has wanted anything of the log that holds nothing; `refused`
  /// if it holds something.
  caf::replies_to<atom::idle>::with<caf::timespan>,
  /// Closes the log's file and ends, with everything on disk; `refused` if it holds
  /// something. Whoever might still append must have let go of the handle before.
  caf::replies_to<atom::retire>::with<log_past>,
  // internal: a window or a pause may be over.
  caf::reacts_to<atom::tick, uint64_t>,
  // internal: looks whether a sync takes too long.
  caf::reacts_to<atom::check,
                 uint64_t>>::extend_with<metered_actor>::extend_with<managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_chunk& x) {
  return f(caf::meta::type_name("log_chunk"), x.lines, x.count, x.charge, x.at_least);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_receipt& x) {
  return f(caf::meta::type_name("log_receipt"), x.accepted, x.seq, x.level);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_limits& x) {
  return f(caf::meta::type_name("log_limits"), x.max_entries, x.max_bytes,
           x.flush_interval, x.sync);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_stats& x) {
  return f(caf::meta::type_name("log_stats"), x.total_writes, x.total_bytes_written,
           x.buffered_lines, x.buffered_bytes, x.last_flush_at_ms, x.accepted, x.dropped,
           x.failing);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, named_log_stats& x) {
  return f(caf::meta::type_name("named_log_stats"), x.log, x.stats);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, log_past& x) {
  return f(caf::meta::type_name("log_past"), x.stats, x.failures);
}

} // namespace sluice

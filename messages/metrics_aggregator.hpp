// The METRICS AGGREGATOR: what was done, window by window, and for whom. Actors count for
// themselves and hand over what they counted since they last told: with each
// flush, at the end of a window, and before anybody reads. Never a message per
// operation.
#pragma once

#include "messages/ledger.hpp"
#include "messages/status.hpp"

#include <cstdint>
#include <vector>

namespace sluice {

/// Calls and bytes on files of the data directory, SQLite's own included.
struct io_counts {
  uint64_t writes = 0;
  uint64_t write_bytes = 0;
  uint64_t reads = 0;
  uint64_t read_bytes = 0;
  uint64_t syncs = 0;

  io_counts& operator+=(const io_counts& x);
  bool operator==(const io_counts&) const = default;
};

/// What happened since the sender last told. All are counts of events or bytes.
struct metrics_delta {
  io_counts disk;
  /// Bytes on HTTP sockets.
  uint64_t network_sent = 0;
  uint64_t network_received = 0;
  /// Statements run for requests; a batch counts one a row.
  uint64_t queries = 0;
  /// Requests that wrote.
  uint64_t transactions = 0;
  /// What SQLite committed, Sluice's own included.
  uint64_t commits = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
  /// Lines taken in, brought to their files, and given up.
  uint64_t log_lines_accepted = 0;
  uint64_t log_lines_written = 0;
  uint64_t log_lines_dropped = 0;
  /// Writes that reached log files, and their bytes.
  uint64_t log_writes = 0;
  uint64_t log_bytes_written = 0;
  /// Documents written, and updates that needed no write of their own.
  uint64_t session_writes = 0;
  uint64_t session_coalesced = 0;

  metrics_delta& operator+=(const metrics_delta& x);
  bool operator==(const metrics_delta&) const = default;
};

/// The same, and the accounts that it belongs to.
struct metrics_report {
  metrics_delta counts;
  std::vector<ledger_entry> ledger = {};
  /// Lines that the sender holds now: no count, so it ends with whoever told it.
  uint64_t log_lines_held = 0;

  bool operator==(const metrics_report&) const = default;
};

/// One window's counts.
struct metrics_window {
  /// Wall-clock bounds, in ms since 1970.
  int64_t start_ms = 0;
  int64_t end_ms = 0;
  /// Length by the monotonic clock, in ns.
  int64_t duration_ns = 0;
  metrics_delta counts;

  bool operator==(const metrics_window&) const = default;
};

/// Everything that `/health` says about input and output.
struct metrics_totals {
  /// Since start.
  metrics_delta total;
  /// The last full window, or the current one while there is none.
  metrics_window rate_window;
  process_io kernel;
  /// Lines that wait for their files now.
  uint64_t log_lines_held = 0;

  bool operator==(const metrics_totals&) const = default;
};

/// What goes on counting when the aggregator is started anew.
struct metrics_past {
  metrics_delta total;
  std::vector<ledger_entry> ledger;

  bool operator==(const metrics_past&) const = default;
};

/// Whoever remembers it.
using metrics_heir_actor = caf::typed_actor<
  /// What it had counted when it ended.
  caf::reacts_to<atom::retire, metrics_past>>;

/// An actor that counts.
using metered_actor = caf::typed_actor<
  /// Hands over what it counted since it last told.
  caf::replies_to<atom::collect>::with<metrics_report>>;

using metrics_aggregator_actor = caf::typed_actor<
  /// Adds what an actor counted to the current window.
  caf::reacts_to<atom::report, metrics_report>,
  /// Asks this actor from now on, until it ends.
  caf::reacts_to<atom::attach, metered_actor>,
  /// Collects, then answers with what each account has asked for and cost since start.
  caf::replies_to<atom::ledger>::with<ledger_report>,
  /// Collects, then answers with totals and rates.
  caf::replies_to<atom::totals>::with<metrics_totals>,
  /// Collects, then answers with the current window.
  caf::replies_to<atom::snapshot>::with<metrics_window>,
  /// Answers with the finished windows, oldest first.
  caf::replies_to<atom::history>::with<std::vector<metrics_window>>,
  // internal: the window is over.
  caf::reacts_to<atom::tick>>::extend_with<managed_actor>;

// -- implementation -------------------------------------------------------------

inline io_counts& io_counts::operator+=(const io_counts& x) {
  writes += x.writes;
  write_bytes += x.write_bytes;
  reads += x.reads;
  read_bytes += x.read_bytes;
  syncs += x.syncs;
  return *this;
}

inline metrics_delta& metrics_delta::operator+=(const metrics_delta& x) {
  disk += x.disk;
  network_sent += x.network_sent;
  network_received += x.network_received;
  queries += x.queries;
  transactions += x.transactions;
  commits += x.commits;
  cache_hits += x.cache_hits;
  cache_misses += x.cache_misses;
  log_lines_accepted += x.log_lines_accepted;
  log_lines_written += x.log_lines_written;
  log_lines_dropped += x.log_lines_dropped;
  log_writes += x.log_writes;
  log_bytes_written += x.log_bytes_written;
  session_writes += x.session_writes;
  session_coalesced += x.session_coalesced;
  return *this;
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, io_counts& x) {
  return f(caf::meta::type_name("io_counts"), x.writes, x.write_bytes, x.reads,
           x.read_bytes, x.syncs);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, metrics_delta& x) {
  return f(caf::meta::type_name("metrics_delta"), x.disk, x.network_sent,
           x.network_received, x.queries, x.transactions, x.commits, x.cache_hits,
           x.cache_misses, x.log_lines_accepted, x.log_lines_written, x.log_lines_dropped,
           x.log_writes, x.log_bytes_written, x.session_writes, x.session_coalesced);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, metrics_past& x) {
  return f(caf::meta::type_name("metrics_past"), x.total, x.ledger);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, metrics_window& x) {
  return f(caf::meta::type_name("metrics_window"), x.start_ms, x.end_ms, x.duration_ns,
           x.counts);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, metrics_report& x) {
  return f(caf::meta::type_name("metrics_report"), x.counts, x.ledger, x.log_lines_held);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, metrics_totals& x) {
  return f(caf::meta::type_name("metrics_totals"), x.total, x.rate_window, x.kernel,
           x.log_lines_held);
}

} // namespace sluice

// The SESSION DEBOUNCER keeps the latest document of every session that has
// unwritten updates, and writes each store's once per window. Updates from
// several callers merge per key; none is lost.
#pragma once

#include "messages/credit.hpp"
#include "messages/durability.hpp"
#include "messages/error.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/session_store.hpp"
#include "messages/status.hpp"

#include <caf/timespan.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

/// A new document, or a merge patch, for one session.
struct session_update {
  std::string store;
  std::string key;
  /// A JSON object, kept as these bytes; or an RFC 7396 patch.
  std::string document;
  /// Held until the document is in the spool or, without one, written or superseded.
  credit charge;
  /// A level below which the update is refused instead: `memory` takes any.
  durability at_least = durability::memory;

  bool operator==(const session_update&) const = default;
};

/// New contents of a whole store.
struct session_replacement {
  std::string store;
  std::vector<session_document> documents;
  /// As with an update.
  credit charge;
  durability at_least = durability::memory;

  bool operator==(const session_replacement&) const = default;
};

struct session_receipt {
  /// Number of the last update this request made; rises by one an update.
  uint64_t seq = 0;
  /// `ram` once it is in the spool.
  durability level = durability::memory;

  bool operator==(const session_receipt&) const = default;
};

struct session_stats {
  /// Documents written, deletes included.
  uint64_t total_writes = 0;
  /// Updates that needed no write of their own.
  uint64_t total_coalesced = 0;
  /// Sessions with unwritten updates.
  uint64_t pending = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
  /// Stores in use that have keys, unwritten ones included: so many at most.
  std::vector<session_store_info> stores;
  /// Stores that cannot be read.
  std::vector<session_store_info> unreadable;
  /// Whether the last write failed.
  bool failing = false;
  /// How many stores have keys, those that are not in use included.
  uint64_t store_count = 0;

  bool operator==(const session_stats&) const = default;
};

/// When sessions are written, as far as that can be changed while the service runs.
struct session_limits {
  /// Window from a store's first unwritten update; 0: every update is written at once.
  caf::timespan debounce = std::chrono::seconds{2};
  /// Sessions waiting in a store before an early flush.
  uint64_t max_pending = 10;
  /// Stores with updates that are not written yet.
  uint64_t max_stores = 1000;

  bool operator==(const session_limits&) const = default;
};

using session_debouncer_actor = caf::typed_actor<
  /// Replaces one document.
  caf::replies_to<atom::put, session_update>::with<session_receipt>,
  /// Merges a patch into one document; an absent one counts as `{}`.
  caf::replies_to<atom::patch, session_update>::with<session_receipt>,
  /// Deletes store, key, refusing below this level; `not_found` if it is absent.
  caf::replies_to<atom::erase, std::string, std::string,
                  durability>::with<session_receipt>,
  /// Replaces a store: one update for each key that it sets or removes.
  caf::replies_to<atom::replace, session_replacement>::with<session_receipt>,
  /// Returns the document at store, key, with unwritten updates; or `not_found`. Its
  /// bytes are held in the account.
  caf::replies_to<atom::get, std::string, std::string, credit>::with<std::string>,
  /// Returns a whole store, with unwritten updates, ordered by key; likewise.
  caf::replies_to<atom::get_all, std::string,
                  credit>::with<std::vector<session_document>>,
  /// Answers once all updates taken so far, in every store, are written.
  caf::replies_to<atom::flush>::with<flush_report>,
  /// The same for one store.
  caf::replies_to<atom::flush, std::string>::with<flush_report>,
  /// The same for every store, once they have reached this level.
  caf::replies_to<atom::flush, durability>::with<flush_report>,
  /// Answers once a store's updates up to this number have reached the level, or with
  /// the error of the attempt that failed. A number not given yet means all so far.
  caf::replies_to<atom::persist, std::string, uint64_t, durability>::with<durability>,
  /// Removes from a store what is beyond its limits, however much that is.
  caf::replies_to<atom::prune, std::string>::with<session_pruned>,
  /// Keeps these limits from each store's next window on.
  caf::reacts_to<atom::apply, session_limits>,
  /// Tells the sessions' numbers.
  caf::replies_to<atom::stats>::with<session_stats>,
  // internal: the window of this store, opened with this generation, is over.
  caf::reacts_to<atom::tick, std::string, uint64_t>,
  // internal: the pause after a failed write of this store is over; without a name, the
  // one after the stores could not be learnt.
  caf::reacts_to<atom::retry, std::string, uint64_t>>::
  extend_with<session_listener_actor>::extend_with<metered_actor>::extend_with<
    managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_update& x) {
  return f(caf::meta::type_name("session_update"), x.store, x.key, x.document, x.charge,
           x.at_least);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_replacement& x) {
  return f(caf::meta::type_name("session_replacement"), x.store, x.documents, x.charge,
           x.at_least);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_receipt& x) {
  return f(caf::meta::type_name("session_receipt"), x.seq, x.level);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_limits& x) {
  return f(caf::meta::type_name("session_limits"), x.debounce, x.max_pending,
           x.max_stores);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_stats& x) {
  return f(caf::meta::type_name("session_stats"), x.total_writes, x.total_coalesced,
           x.pending, x.cache_hits, x.cache_misses, x.stores, x.unreadable, x.failing,
           x.store_count);
}

} // namespace sluice

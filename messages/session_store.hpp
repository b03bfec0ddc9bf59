// A SESSION STORE keeps written sessions: whoever debounces talks to it, whatever
// keeps the documents in the end.
#pragma once

#include "messages/durability.hpp"
#include "messages/error.hpp"
#include "messages/status.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace sluice {

struct session_document {
  std::string key;
  /// A JSON object, as the bytes that were sent.
  std::string document;

  bool operator==(const session_document&) const = default;
};

/// What a store holds under a key.
struct session_lookup {
  bool exists = false;
  std::string document;

  bool operator==(const session_lookup&) const = default;
};

/// Up to which number everything is in, or superseded by what is in; a number means
/// something only with the spool that it was given under.
struct session_mark {
  std::string spool_id;
  uint64_t seq = 0;

  bool operator==(const session_mark&) const = default;
};

struct session_store_info {
  std::string store;
  uint64_t entries = 0;
  /// Keys and documents.
  uint64_t bytes = 0;
  /// What of the spool is in the store.
  session_mark mark = {};
  /// Why nobody knows what is in it, with the file; empty: the rest is known.
  std::string unreadable = {};

  bool operator==(const session_store_info&) const = default;
};

/// Stores by name: the first ones, and how many there are.
struct session_store_list {
  std::vector<session_store_info> stores;
  uint64_t total = 0;

  bool operator==(const session_store_list&) const = default;
};

/// How a time stands below that is of a clock which was not known to be right: as a
/// number below zero. It makes nothing old; the first right moment that comes counts
/// instead.
constexpr int64_t doubtful_ms(int64_t ms) {
  return ms < 0 ? -1 : -1 - ms;
}

constexpr bool is_doubtful(int64_t ms) {
  return ms < 0;
}

/// The newest state of one session.
struct session_change {
  std::string key;
  bool erased = false;
  std::string document;
  /// The document's own `updatedAt`, else the time of the update; ms since 1970. Doubtful
  /// if the clock was, whatever the document says.
  int64_t updated_at_ms = 0;
  /// Number of the session's newest update.
  uint64_t seq = 0;

  bool operator==(const session_change&) const = default;
};

/// One flush of one store, in the order of the sessions' newest numbers.
struct session_changes {
  std::string store;
  std::vector<session_change> changes;
  /// The store's mark once these are in.
  session_mark mark = {};

  bool operator==(const session_changes&) const = default;
};

struct session_applied {
  /// Documents that were written or deleted; the rest equalled what is stored.
  uint64_t written = 0;
  /// The store afterwards.
  session_store_info now;
  /// The level reached: `ram` when committed, `disk` when synced.
  durability level = durability::ram;

  bool operator==(const session_applied&) const = default;
};

/// What maintenance may remove, or would.
struct session_prune {
  std::string store;
  /// Documents last updated before this, in ms since 1970; 0 for none.
  int64_t older_than_ms = 0;
  /// The oldest documents beyond this many.
  uint64_t max_entries = 0;
  /// False: only name them.
  bool enforce = false;
  /// More are not removed, but only named.
  uint64_t removes_max = std::numeric_limits<uint64_t>::max();
  /// The time of day, if it is known to be right: what has a doubtful time gets this one
  /// instead. 0: it is not known.
  int64_t right_now_ms = 0;

  bool operator==(const session_prune&) const = default;
};

struct session_pruned {
  /// The documents concerned, oldest first.
  std::vector<std::string> keys;
  /// The store afterwards.
  session_store_info now;
  /// They were to be removed, and are too many for that.
  bool held = false;

  bool operator==(const session_pruned&) const = default;
};

/// Whoever keeps what a database may lose.
using session_listener_actor = caf::typed_actor<
  /// The database was reopened: these are the marks that it holds.
  caf::reacts_to<atom::recover, std::vector<session_store_info>>>;

using session_store_actor = caf::typed_actor<
  /// Looks up store, key.
  caf::replies_to<atom::load, std::string, std::string>::with<session_lookup>,
  /// Returns a whole store, ordered by key.
  caf::replies_to<atom::load_all, std::string>::with<std::vector<session_document>>,
  /// Lists the stores that have keys, or had some, or a mark, or cannot be read.
  caf::replies_to<atom::stores>::with<std::vector<session_store_info>>,
  /// The same of the first so many by name, or fewer where their files are large.
  caf::replies_to<atom::stores, uint64_t>::with<session_store_list>,
  /// Tells of one store, which is empty if there is none; or why it cannot be read.
  caf::replies_to<atom::stores, std::string>::with<session_store_info>,
  /// Writes the changed documents, all or none; equal ones cost no write.
  caf::replies_to<atom::apply, session_changes, durability>::with<session_applied>,
  /// Removes, or names, what is too old or too many.
  caf::replies_to<atom::prune,
                  session_prune>::with<session_pruned>>::extend_with<managed_actor>;

/// A session store that another can take over.
using session_archive_actor = session_store_actor::extend<
  /// Returns a whole store as the changes that make it, with its mark.
  caf::replies_to<atom::dump, std::string>::with<session_changes>>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_document& x) {
  return f(caf::meta::type_name("session_document"), x.key, x.document);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_lookup& x) {
  return f(caf::meta::type_name("session_lookup"), x.exists, x.document);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_mark& x) {
  return f(caf::meta::type_name("session_mark"), x.spool_id, x.seq);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_store_info& x) {
  return f(caf::meta::type_name("session_store_info"), x.store, x.entries, x.bytes,
           x.mark, x.unreadable);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_store_list& x) {
  return f(caf::meta::type_name("session_store_list"), x.stores, x.total);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_change& x) {
  return f(caf::meta::type_name("session_change"), x.key, x.erased, x.document,
           x.updated_at_ms, x.seq);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_changes& x) {
  return f(caf::meta::type_name("session_changes"), x.store, x.changes, x.mark);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_applied& x) {
  return f(caf::meta::type_name("session_applied"), x.written, x.now, x.level);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_prune& x) {
  return f(caf::meta::type_name("session_prune"), x.store, x.older_than_ms, x.max_entries,
           x.enforce, x.removes_max, x.right_now_ms);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_pruned& x) {
  return f(caf::meta::type_name("session_pruned"), x.keys, x.now, x.held);
}

} // namespace sluice

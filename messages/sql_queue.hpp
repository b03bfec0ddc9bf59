// The SQL QUEUE takes writes whose senders need not wait for their commit. They are
// applied in the order in which they came, exactly once, many in one commit; what the
// database refuses is set aside with its error.
#pragma once

#include "messages/credit.hpp"
#include "messages/sql_batch.hpp"

namespace sluice {

struct queue_request {
  sql_write write;
  /// Held until the write is in the spool or, without one, applied.
  credit charge = {};
  /// A level below which the write is refused instead: `memory` takes any.
  durability at_least = durability::memory;

  bool operator==(const queue_request&) const = default;
};

struct queue_receipt {
  /// Rises by one a write.
  uint64_t seq = 0;
  /// `ram` once the write is in the spool.
  durability level = durability::memory;

  bool operator==(const queue_receipt&) const = default;
};

struct sql_queue_stats {
  /// Writes that wait, and their bytes.
  uint64_t queued = 0;
  uint64_t queued_bytes = 0;
  /// Since start: writes taken in, brought back from the spool, and set aside.
  uint64_t accepted = 0;
  uint64_t restored = 0;
  uint64_t dead_letters = 0;
  /// Whether the last try to apply failed.
  bool failing = false;

  bool operator==(const sql_queue_stats&) const = default;
};

using sql_queue_actor = caf::typed_actor<
  /// Takes the write, or refuses it.
  caf::replies_to<atom::append, queue_request>::with<queue_receipt>,
  /// Applies what waits; answers once every write taken so far is committed or set
  /// aside, those brought back from the spool included.
  caf::replies_to<atom::flush>::with<flush_report>,
  /// Answers once every write up to this number is committed and synced; a number that
  /// was not given yet means the last one that was.
  caf::replies_to<atom::persist, uint64_t>::with<durability>,
  /// Tells the queue's numbers.
  caf::replies_to<atom::stats>::with<sql_queue_stats>,
  // internal: a window or a pause may be over.
  caf::reacts_to<atom::tick, uint64_t>>::extend_with<queue_listener_actor>::
  extend_with<managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, queue_request& x) {
  return f(caf::meta::type_name("queue_request"), x.write, x.charge, x.at_least);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, queue_receipt& x) {
  return f(caf::meta::type_name("queue_receipt"), x.seq, x.level);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_queue_stats& x) {
  return f(caf::meta::type_name("sql_queue_stats"), x.queued, x.queued_bytes, x.accepted,
           x.restored, x.dead_letters, x.failing);
}

} // namespace sluice

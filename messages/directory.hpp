// What the DIRECTORY understands.
#pragma once

#include "messages/status.hpp"

#include <caf/typed_actor.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

class actor_meter;

/// The meter of an actor that was just started.
struct directory_entrance {
  std::shared_ptr<const actor_meter> meter;

  bool operator==(const directory_entrance&) const = default;
};

/// Bucket n counts what took less than 2^n ns, and 2^(n-1) at least; the last one what
/// took longer than 17 s.
using time_buckets = std::array<uint64_t, 36>;

/// One actor, as its meter shows it. Rates and times are those of the window that runs
/// and of the one before it.
struct actor_entry {
  /// The actor's file name in kebab case (`log-buffer`).
  std::string name;
  /// What it serves (a log's name), or empty.
  std::string key;
  uint64_t id = 0;
  /// The actor that started it, or 0.
  uint64_t parent = 0;
  int64_t started_ms = 0;
  /// Messages that wait for it.
  uint64_t mailbox = 0;
  /// Messages since its start, those that it put off counted apart.
  uint64_t handled = 0;
  uint64_t skipped = 0;
  /// Time spent on messages that are done, since its start, and how many of them took how
  /// long, both estimated from those that were timed.
  uint64_t busy_ns = 0;
  time_buckets times = {};
  double handled_per_second = 0;
  /// Of its time, how much it spent on messages.
  double busy_percent = 0;
  /// What a message took, to the next power of two.
  uint64_t p50_ns = 0;
  uint64_t p99_ns = 0;
  /// The longest; to the next power of two if there was a longer one before.
  uint64_t max_ns = 0;
  /// For how long the message that it is at has been at work.
  uint64_t running_ms = 0;
  /// For how long a message may have waited, at most: since its mailbox was empty.
  uint64_t oldest_ms = 0;
  /// How often it was started anew, and what the one before it died of.
  uint64_t restarts = 0;
  std::string last_error;

  bool operator==(const actor_entry&) const = default;
};

using directory_actor = caf::typed_actor<
  /// Lists an actor until it ends.
  caf::reacts_to<atom::enter, directory_entrance>,
  /// All actors, in the order in which they were started. Waits for none of them.
  caf::replies_to<atom::actors>::with<std::vector<actor_entry>>,
  /// The same, and behind them, for each name, what those have done that have ended: with
  /// id 0, and the restarts of all of that name. Sums of both never fall.
  caf::replies_to<atom::totals>::with<std::vector<actor_entry>>,
  // internal: the window is over.
  caf::reacts_to<atom::tick>>::extend_with<managed_actor>;

/// A meter means something inside one process only; nothing of it is printed.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, directory_entrance&) {
  return f(caf::meta::type_name("directory_entrance"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, actor_entry& x) {
  return f(caf::meta::type_name("actor_entry"), x.name, x.key, x.id, x.parent,
           x.started_ms, x.mailbox, x.handled, x.skipped, x.busy_ns, x.times,
           x.handled_per_second, x.busy_percent, x.p50_ns, x.p99_ns, x.max_ns,
           x.running_ms, x.oldest_ms, x.restarts, x.last_error);
}

} // namespace sluice

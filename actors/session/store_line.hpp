// What the debouncer keeps for one store: its unwritten sessions, their lane in
// the spool, their timers, and everybody who waits for something of it.
#pragma once

#include "actors/detail/growing_pause.hpp"
#include "actors/detail/owed.hpp"
#include "actors/detail/window_timer.hpp"
#include "actors/session/pending_store.hpp"
#include "actors/session/session_lane.hpp"
#include "actors/session/store_retry.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/optional.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sluice {

/// A request that could not be handled at once.
struct held_request {
  /// Handles it; false if it has to know first what is stored.
  std::function<bool()> run;
  /// Answers it with an error.
  std::function<void(const caf::error&)> refuse;
};

/// Somebody who waits until everything up to a number is written.
struct write_waiter {
  uint64_t seq = 0;
  durability level = durability::ram;
  /// Called once, without an error when it is so.
  std::function<void(const caf::error&)> done;
  /// A flush began since: if it fails, that is the answer.
  bool tried = false;
};

using pruners = std::vector<detail::owed<session_pruned>>;
using whole_store = std::map<std::string, std::string>;

/// A store of which nobody knows what is in it, and who waits to learn that.
struct unread_store {
  bool asking = false;
  std::vector<held_request> waiting;
  /// Of the last try.
  caf::error problem;
  detail::window_timer retry;
  detail::growing_pause pause;
};

struct store_line {
  store_line(session_store_info stored, detail::flush_grid grid)
      : sessions(std::move(stored)), window(grid) {}

  /// Whether all that came since it was opened is on disk.
  bool is_on_disk() const {
    const auto last = sessions.last_seq();
    const auto nothing_came = last == opened_seq && !sessions.removed();
    return sessions.waiting().empty()
           && (nothing_came || sessions.reached(last, durability::disk));
  }

  pending_store sessions;
  session_lane lane;
  /// What the store holds is known; otherwise it is asked before any request is handled.
  bool known = false;
  /// What the spool had of an earlier run is among the sessions.
  bool restored = false;
  /// It has files, or may have them.
  bool let_in = false;
  /// Without a lane, number of the last update before it was opened.
  uint64_t opened_seq = 0;
  /// Number of its last request.
  uint64_t used = 0;
  /// The store was reopened after an I/O error, and what is beyond this number has to be
  /// looked for in the spool once the flush is back.
  caf::optional<uint64_t> lost_after;

  // -- writing ---------------------------------------------------------------------

  detail::window_timer window;
  store_retry retry;
  /// A flush or a prune is with the session store.
  bool busy = false;
  /// A flush is to follow as soon as it is back.
  bool due = false;
  std::vector<write_waiter> waiters;
  /// Flushes that failed since the last good one, and how the last one did.
  uint64_t failures = 0;
  caf::error last_error;
  int64_t failing_since_ms = 0;
  durability failed_level = durability::ram;

  // -- reading ---------------------------------------------------------------------

  /// Keys that are being looked up, each with its requests in order.
  std::map<std::string, std::vector<held_request>> loads;
  /// Who waits for the whole store to be read; not empty while it is.
  std::vector<std::function<void(const caf::expected<whole_store>&)>> whole_waiters;
  /// Written since the reading began: newer than what it will find. None is erased.
  std::map<std::string, caf::optional<std::string>> written_meanwhile;
  /// A replacement that waits for the loads before it, or for the whole store; what
  /// comes after it waits in `held`.
  held_request replacement;
  bool replacing = false;
  std::vector<held_request> held;

  // -- maintenance -----------------------------------------------------------------

  caf::optional<caf::actor_clock::time_point> maintained_at;
  bool maintaining = false;
  /// Whether the last round removed, or was to and only told because of the clock.
  bool enforced = false;
  bool held_back = false;
  /// Counts prunes, begun and ended, so that a load knows whether one came between.
  uint64_t prunes = 0;
  /// Documents that maintenance last found too old or too many, and left; and how
  /// many there were in all.
  uint64_t excess = 0;
  uint64_t maintained_entries = 0;
  /// Since when there has been an excess; 0: there is none.
  int64_t excess_since_ms = 0;
  /// So many were to be removed at once that none were; 0: the last round was none such.
  uint64_t too_many = 0;
  int64_t too_many_since_ms = 0;
  /// Who asked for a round that removes them all the same: the next one, and this one.
  sluice::pruners pruners;
  sluice::pruners asked;
  std::string maintenance_error;
  int64_t maintenance_failed_ms = 0;
};

} // namespace sluice

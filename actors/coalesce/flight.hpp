// WHEN what was taken in goes on to whoever writes it. A FLIGHT is the way there of one
// log, one store, one queue, and holds the three rules of all of them:
//
//   A window runs from its first item and never slides.
//   One batch is under way at a time.
//   What failed goes again before anything newer, after a pause that grows.
//
// It knows numbers and time alone. What a batch is its owner knows: all that is numbered
// beyond what has landed, or as many of that as one batch may carry, and never what comes
// behind those. So nothing can overtake what failed.
#pragma once

#include "actors/detail/flush_grid.hpp"
#include "actors/detail/growing_pause.hpp"

#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>

#include <cstdint>
#include <optional>

namespace sluice::coalesce {

class flight {
public:
  using time_point = caf::actor_clock::time_point;

  explicit flight(detail::flush_grid grid = {}) : grid_(grid) {}

  /// Begins, or begins anew: there are items up to `last`, and up to `landed` they are
  /// where they belong. Of the others those are due that were before.
  void resume(uint64_t landed, uint64_t last);

  // -- what comes ------------------------------------------------------------------

  /// There are items up to `last` now. The first of a window is due, with all that follow
  /// until then, when so much time has passed.
  void add(uint64_t last, time_point now, caf::timespan window);

  /// Everything up to this number is due, whatever the window says.
  void want(uint64_t seq);

  /// Somebody asks now: a pause ends early.
  void end_pause() { paused_until_.reset(); }

  // -- what goes -------------------------------------------------------------------

  /// Takes notice of the time, which the questions below are answered of.
  void look(time_point now);

  /// Whether a batch may begin: none is under way, and nothing pauses.
  bool is_free() const { return !under_way_ && !is_paused(); }

  /// Whether something is due that has not landed.
  bool is_due() const { return due_ > landed_; }

  /// A batch begins, with everything up to `last` that has not landed.
  void begin(uint64_t last);

  bool is_under_way() const { return under_way_; }

  // -- what becomes of it ----------------------------------------------------------

  /// The batch is back, and everything up to `seq` has landed. If that is less than what
  /// was in it, the rest is due.
  void landed(uint64_t seq);

  /// The batch is back, and all that has not landed is due again after a pause.
  void failed(time_point now);

  /// The batch does not come back: whoever had it is dead. It is due again at once.
  void lost();

  /// Something failed beside the batches that only time can mend: none begins before the
  /// pause is over.
  void pause(time_point now) { paused_until_ = now + pause_.next(); }

  bool is_paused() const { return paused_until_.has_value(); }

  /// When to look again though nothing comes and nothing is back; none: not at all.
  std::optional<time_point> next_look() const;

private:
  detail::flush_grid grid_;
  uint64_t last_ = 0;
  uint64_t landed_ = 0;
  /// Number up to which everything is to go as soon as it may.
  uint64_t due_ = 0;
  bool under_way_ = false;
  std::optional<time_point> window_ends_;
  std::optional<time_point> paused_until_;
  detail::growing_pause pause_;
};

} // namespace sluice::coalesce

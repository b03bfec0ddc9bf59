// The common grid on which windows end: one wake-up then carries all that is due, and
// what several write at one moment shares the file system's own commit. A window ends
// at the last point of the grid that is not late, so it may be shorter than promised
// and is never longer. One that is shorter than two steps is exact.
#pragma once

#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>

#include <chrono>

namespace sluice::detail {

struct flush_grid {
  /// From one point to the next; 0: there is no grid, every window is exact.
  caf::timespan step{0};

  /// When a window of this length ends that begins now.
  caf::actor_clock::time_point end_of(caf::actor_clock::time_point now,
                                      caf::timespan length) const {
    using point = caf::actor_clock::time_point;
    auto end = now + std::chrono::duration_cast<point::duration>(length);
    if (step.count() <= 0 || length < 2 * step)
      return end;
    return end - end.time_since_epoch() % step;
  }
};

} // namespace sluice::detail

// The one timer that every flush window uses. It runs from the first item of the
// window and never slides: opening an open window changes nothing. CAF's timers
// cannot be cancelled, so each carries the generation it was set with, and one
// that belongs to a closed window is dropped.
#pragma once

#include "actors/detail/flush_grid.hpp"
#include "messages/type_ids.hpp"

#include <caf/timespan.hpp>

#include <cstdint>
#include <utility>

namespace sluice::detail {

class window_timer {
public:
  /// Without a grid, every window is exact.
  explicit window_timer(flush_grid grid = {}) : grid_(grid) {}

  /// Starts the window unless it runs. When it ends, `self` receives `Atom`, the
  /// `keys`, and a generation for `ends`.
  template <class Atom = atom::tick, class Self, class... Keys>
  void open(Self* self, caf::timespan length, Keys&&... keys) {
    if (open_)
      return;
    open_ = true;
    self->scheduled_send(self, grid_.end_of(self->clock().now(), length), Atom{},
                         std::forward<Keys>(keys)..., ++generation_);
  }

  /// Whether a tick of this generation ends the window; if so, it is closed.
  bool ends(uint64_t generation) {
    if (!open_ || generation != generation_)
      return false;
    open_ = false;
    return true;
  }

  /// Closes the window early; its tick will be stale.
  void close() { open_ = false; }

  bool is_open() const { return open_; }

private:
  flush_grid grid_;
  bool open_ = false;
  uint64_t generation_ = 0;
};

} // namespace sluice::detail

// The one timer that every flush window uses. It runs from the first item of the
// window and never slides: opening an open window changes nothing.
//
// The alarm that a closed window left behind serves the next: however often windows open
// and close, one message a length is on its way.
#pragma once

#include "actors/detail/alarm.hpp"
#include "actors/detail/flush_grid.hpp"
#include "messages/type_ids.hpp"

#include <caf/actor_clock.hpp>
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
    ends_at_ = grid_.end_of(self->clock().now(), length);
    alarm_.set<Atom>(self, ends_at_, std::forward<Keys>(keys)...);
  }

  /// Whether a tick of this generation ends the window; if so, it is closed. The rest is
  /// as for `open`.
  template <class Atom = atom::tick, class Self, class... Keys>
  bool ends(Self* self, uint64_t generation, Keys&&... keys) {
    if (!alarm_.rings(generation) || !open_)
      return false;
    if (self->clock().now() < ends_at_) {
      alarm_.set<Atom>(self, ends_at_, std::forward<Keys>(keys)...);
      return false;
    }
    open_ = false;
    return true;
  }

  /// Closes the window early.
  void close() { open_ = false; }

  bool is_open() const { return open_; }

private:
  flush_grid grid_;
  bool open_ = false;
  caf::actor_clock::time_point ends_at_;
  alarm alarm_;
};

} // namespace sluice::detail

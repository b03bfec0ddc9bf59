// The one timer that every flush window uses. It runs from the first item of the
// window and never slides: opening an open window changes nothing.
//
// CAF's timers cannot be cancelled, and each costs a wake-up of its clock when it is set
// and another message when it fires. So one that a closed window left behind serves the
// next: when it fires, what is left of that window is set. However often windows open
// and close, one message a length is on its way.
#pragma once

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
    if (!pending_ || ends_at_ < fires_at_)
      set<Atom>(self, std::forward<Keys>(keys)...);
  }

  /// Whether a tick of this generation ends the window; if so, it is closed. The rest is
  /// as for `open`.
  template <class Atom = atom::tick, class Self, class... Keys>
  bool ends(Self* self, uint64_t generation, Keys&&... keys) {
    if (!pending_ || generation != generation_)
      return false;
    pending_ = false;
    if (!open_)
      return false;
    if (self->clock().now() < ends_at_) {
      set<Atom>(self, std::forward<Keys>(keys)...);
      return false;
    }
    open_ = false;
    return true;
  }

  /// Closes the window early.
  void close() { open_ = false; }

  bool is_open() const { return open_; }

private:
  template <class Atom, class Self, class... Keys>
  void set(Self* self, Keys&&... keys) {
    pending_ = true;
    fires_at_ = ends_at_;
    self->scheduled_send(self, ends_at_, Atom{}, std::forward<Keys>(keys)...,
                         ++generation_);
  }

  flush_grid grid_;
  bool open_ = false;
  caf::actor_clock::time_point ends_at_;
  /// The tick that will be looked at; those set before it are dropped.
  bool pending_ = false;
  caf::actor_clock::time_point fires_at_;
  uint64_t generation_ = 0;
};

} // namespace sluice::detail

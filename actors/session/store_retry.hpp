// When what failed in a store is tried again. Its flush and its maintenance each have a
// pause of their own, which grows with each failure; one timer wakes the store for both.
#pragma once

#include "actors/detail/growing_pause.hpp"
#include "actors/detail/window_timer.hpp"

#include <caf/actor_clock.hpp>
#include <caf/optional.hpp>

#include <algorithm>
#include <cstdint>
#include <string>

namespace sluice {

class store_retry {
public:
  using time_point = caf::actor_clock::time_point;

  /// One of the two: whether it waits, and for how long it will the next time.
  class turn {
  public:
    void failed(time_point now) { at_ = now + pause_.next(); }
    void succeeded() {
      at_ = caf::none;
      pause_.reset();
    }

    /// It is tried before its time, and how that ends will count.
    void begun() { at_ = caf::none; }

    bool is_due(time_point now) const { return at_ && *at_ <= now; }
    bool is_held(time_point now) const { return at_ && *at_ > now; }

  private:
    friend class store_retry;
    caf::optional<time_point> at_;
    detail::growing_pause pause_;
  };

  turn flush;
  turn maintenance;

  /// Has `self` woken, with `atom::retry` and the store's name, when the next of them is
  /// due. What is due and has to wait for what goes on follows that.
  template <class Self>
  void arm(Self* self, const std::string& store) {
    timer_.close();
    const auto now = self->clock().now();
    auto next = time_point::max();
    for (const auto* each : {&flush, &maintenance})
      if (each->is_held(now))
        next = std::min(next, *each->at_);
    if (next != time_point::max())
      timer_.open<atom::retry>(self, next - now, store);
  }

  /// Whether the store was woken for good reason.
  template <class Self>
  bool wakes(Self* self, uint64_t generation, const std::string& store) {
    return timer_.ends<atom::retry>(self, generation, store);
  }

private:
  detail::window_timer timer_;
};

} // namespace sluice

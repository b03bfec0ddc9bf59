// One message that an actor sends itself for the next moment at which there is something
// to look at.
//
// CAF's timers cannot be cancelled, and each costs a wake-up of its clock when it is set
// and another message when it fires. So one that is no longer needed is left: when it
// fires, the actor looks, finds nothing to do yet, and sets the next. However often its
// plans change, one message is on its way, unless it has to wake earlier than that.
#pragma once

#include "messages/type_ids.hpp"

#include <caf/actor_clock.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace sluice::detail {

class alarm {
public:
  using time_point = caf::actor_clock::time_point;

  /// Sees to it that `self` looks at this time or before: it receives `Atom`, the `keys`,
  /// and a generation for `rings`. Nothing is set for no time.
  template <class Atom = atom::tick, class Self, class... Keys>
  void set(Self* self, std::optional<time_point> at, Keys&&... keys) {
    if (!at || (pending_ && rings_at_ <= *at))
      return;
    pending_ = true;
    rings_at_ = *at;
    self->scheduled_send(self, *at, Atom{}, std::forward<Keys>(keys)..., ++generation_);
  }

  /// Whether to look now; if so, the next alarm has to be set.
  bool rings(uint64_t generation) {
    return generation == generation_ && std::exchange(pending_, false);
  }

private:
  /// The message that will be looked at; those set before it are dropped.
  bool pending_ = false;
  time_point rings_at_;
  uint64_t generation_ = 0;
};

} // namespace sluice::detail

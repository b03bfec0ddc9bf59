// What an actor says when its state is destroyed: however it ended, what it counted goes
// on with whoever counts after it.
#pragma once

#include <caf/actor_control_block.hpp>

namespace sluice::detail {

/// A destructor's word. Where there is no memory for it, it is lost, and not the process.
/// An actor that is destroyed because nobody holds it any more, and did not end before,
/// says nothing: each message holds its sender, and whoever lets go of it would destroy
/// that once more.
template <class Self, class Say>
void say_at_last(const Self* self, Say say) noexcept {
  if (self->ctrl()->strong_refs == 0)
    return;
  try {
    say();
  } catch (...) {
    // nop
  }
}

} // namespace sluice::detail

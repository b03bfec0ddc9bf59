// What an actor says when its state is destroyed: however it ended, what it counted goes
// on with whoever counts after it.
#pragma once

namespace sluice::detail {

/// A destructor's word. Where there is no memory for it, it is lost, and not the process.
template <class Say>
void say_at_last(Say say) noexcept {
  try {
    say();
  } catch (...) {
    // nop
  }
}

} // namespace sluice::detail

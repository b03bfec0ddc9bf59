// What must be done, however long it takes until there is memory for it.
#pragma once

#include <chrono>
#include <new>
#include <thread>

namespace sluice::detail {

/// Does it again and again until it is not refused memory.
template <class F>
void insist(F what) {
  for (;;)
    try {
      return what();
    } catch (const std::bad_alloc&) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
}

} // namespace sluice::detail

// How long to wait before the next try: the pause doubles with each failure, up to a
// limit, and starts anew after a success.
#pragma once

#include <caf/timespan.hpp>

#include <algorithm>
#include <chrono>

namespace sluice::detail {

class growing_pause {
public:
  static constexpr caf::timespan first = std::chrono::milliseconds{100};
  static constexpr caf::timespan longest = std::chrono::seconds{10};

  /// Returns the pause to take now; the next is twice as long.
  caf::timespan next() {
    auto pause = pause_;
    pause_ = std::min(pause_ * 2, longest);
    return pause;
  }

  void reset() { pause_ = first; }

private:
  caf::timespan pause_ = first;
};

} // namespace sluice::detail

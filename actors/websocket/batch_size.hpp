// How many messages a page takes before it goes out ahead of its window.
#pragma once

#include <caf/timespan.hpp>

#include <algorithm>
#include <cstdint>

namespace sluice {

/// Doubles while pages fill so fast that a window would bring many of them, so that
/// writes do not grow with the load; halves when pages take most of the window, down to
/// what is configured. It never makes a message wait for longer than the window.
class batch_size {
public:
  batch_size(uint64_t least, bool adaptive, caf::timespan window)
      : least_(least), now_(least), most_(adaptive ? std::max(least, most) : least),
        window_(window) {}

  uint64_t now() const { return now_; }

  /// A page ended so long after its first message.
  void page_ended(caf::timespan took) {
    if (took < window_ / 8)
      now_ = std::min(now_ * 2, most_);
    else if (took >= window_ / 2)
      now_ = std::max(now_ / 2, least_);
  }

private:
  /// Pages end at 64 KiB of text anyway.
  static constexpr uint64_t most = 1024;

  uint64_t least_;
  uint64_t now_;
  uint64_t most_;
  caf::timespan window_;
};

} // namespace sluice

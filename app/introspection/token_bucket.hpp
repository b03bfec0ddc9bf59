// So many at once, and so many a second after that.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice::wire {

class token_bucket {
public:
  using clock = std::chrono::steady_clock;

  token_bucket(uint64_t per_second, uint64_t at_once)
      : per_second_(static_cast<double>(per_second)), most_(static_cast<double>(at_once)),
        left_(most_) {}

  bool take(clock::time_point now) {
    if (then_ != clock::time_point{})
      left_ = std::min(
        most_, left_ + per_second_ * std::chrono::duration<double>(now - then_).count());
    then_ = now;
    if (left_ < 1)
      return false;
    left_ -= 1;
    return true;
  }

private:
  double per_second_;
  double most_;
  double left_;
  clock::time_point then_;
};

} // namespace sluice::wire

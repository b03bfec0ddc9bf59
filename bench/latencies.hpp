// How long things took, to 3 %, in little memory however many there are.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace sluice::bench {

class latencies {
public:
  void add(uint64_t ns) {
    ++counts_[place_of(ns)];
    ++count_;
    max_ = std::max(max_, ns);
  }

  uint64_t count() const { return count_; }
  uint64_t max() const { return max_; }

  /// What this share of them took at most.
  uint64_t quantile(double share) const {
    auto left = static_cast<uint64_t>(share * static_cast<double>(count_));
    for (size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > left)
        return std::min(end_of(i), max_);
      left -= counts_[i];
    }
    return max_;
  }

private:
  static constexpr uint32_t bits = 5;

  /// 32 places for each power of two.
  static size_t place_of(uint64_t ns) {
    const auto power =
      static_cast<uint32_t>(std::bit_width(ns | (1u << bits))) - 1 - bits;
    return (power << bits) + (ns >> power);
  }

  static uint64_t end_of(size_t place) {
    const auto power = place < (2u << bits) ? 0 : (place >> bits) - 1;
    return ((place - (power << bits)) + 1) << power;
  }

  std::array<uint64_t, 64 << bits> counts_{};
  uint64_t count_ = 0;
  uint64_t max_ = 0;
};

} // namespace sluice::bench

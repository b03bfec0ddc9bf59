// One power cut: the dice that decide what reached the disk before it, and the count of
// what did not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>

namespace forgetful {

// `ext4`: names and truncations reach the disk in their order, and appended bytes before
// the size that covers them. `strict`: each thing by itself, in any order.
enum class mode : std::uint8_t { ext4, strict };

class cut {
public:
  cut(std::uint64_t seed, mode how) : how_(how), engine_(seed) {}

  bool is_strict() const { return how_ == mode::strict; }

  // A number from 0 to `last`.
  std::uint64_t pick(std::uint64_t last) {
    return std::uniform_int_distribution<std::uint64_t>{0, last}(engine_);
  }

  // Files differ in how much of them is lost: nothing, some, or all.
  void turn_to_next_file() { survivors_of_four_ = pick(4); }

  bool survives() {
    auto result = pick(3) < survivors_of_four_;
    ++(result ? kept : lost);
    return result;
  }

  bool survives_if(bool condition) {
    ++(condition ? kept : lost);
    return condition;
  }

  // The last change of names and sizes that reached the disk (ext4).
  std::uint64_t last_metadata_id = 0;
  std::size_t kept = 0;
  std::size_t lost = 0;

private:
  mode how_;
  std::mt19937_64 engine_;
  std::uint64_t survivors_of_four_ = 0;
};

} // namespace forgetful

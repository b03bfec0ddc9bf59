// LINE LIMITS keep whoever can cause a line from filling the disk with its like. Of each
// kind of line some are told at once, and one a second from then on; those in between are
// counted, and told as a number. A kind is the event id that a line begins with, so that
// a flood of one hides no other.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice {

class line_limits {
public:
  using clock = std::chrono::steady_clock;

  /// Lines of a kind that are told before they are held back.
  static constexpr uint64_t at_once_max = 20;
  static constexpr auto interval = std::chrono::seconds{1};

  /// Words the line, with its LF, that says how many of a kind were held back.
  using held_back_line = std::string (*)(std::string_view kind, uint64_t lines);

  explicit line_limits(held_back_line tell) : tell_(tell) {}

  /// Lets a line through, behind the number of those of its kind that were held back; or
  /// counts it, and returns nothing.
  std::string pass(std::string_view kind, std::string line, clock::time_point now);

  /// The numbers of those that were held back and are not told yet.
  std::string rest();

  /// All lines that were held back.
  uint64_t held_back() const;

private:
  struct kind_state {
    /// Lines that may be told, as of then.
    uint64_t left = at_once_max;
    clock::time_point since = {};
    uint64_t held_back = 0;
  };

  std::string tell_held_back(std::string_view kind, kind_state& of) const;

  held_back_line tell_;
  mutable std::mutex guard_;
  /// Of which the code has a few dozen.
  std::map<std::string, kind_state, std::less<>> kinds_;
  uint64_t held_back_ = 0;
};

} // namespace sluice

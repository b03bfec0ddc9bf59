// Whether the time of day may decide about a removal: only while the kernel says that
// it is synchronised, and if it has not stepped by an hour since the start. A step shows
// as a change of what it is ahead of a clock that nobody can set.
#pragma once

#include "actors/detail/wall_clock.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace sluice::detail {

/// Milliseconds since the machine was started, its suspensions included.
int64_t boot_clock_ms();

/// What the kernel says of the time of day (`adjtimex`, which is asked to change
/// nothing). False too where it may not be asked.
bool clock_synchronised();

struct clock_sources {
  /// Time of day in ms since 1970.
  std::function<int64_t()> wall_ms = wall_clock_ms;
  /// In ms, of a clock that goes on at its pace whatever happens to the time of day.
  std::function<int64_t()> steady_ms = boot_clock_ms;
  std::function<bool()> synchronised = clock_synchronised;
};

class clock_watch {
public:
  static constexpr int64_t step_ms_max = 3'600'000;
  /// How long a step is an alert.
  static constexpr int64_t told_ms = 600'000;
  /// How long the kernel is believed, whether it says that the time is synchronised or
  /// that it is not. To ask is a call into it, and the time is looked at for each update
  /// of a session.
  static constexpr int64_t believed_ms = 1000;
  /// Who sets the time makes it unsynchronised: what moves by this much was set.
  static constexpr int64_t set_ms_min = 100;

  clock_watch() : clock_watch(clock_sources{}) {}
  explicit clock_watch(clock_sources sources);

  /// Whether the time of day may decide about a removal.
  bool is_trusted();

  /// Why it must not; empty: it may.
  std::string doubt();

  /// Whether it has not stepped since the start. A step there and another back are two.
  bool steady();

  bool synchronised();

  /// Steps by an hour or more that were seen since the start.
  uint64_t steps() const { return steps_; }

  /// When the latest step was seen, in ms since 1970, if that is worth an alert still.
  std::optional<int64_t> stepped_lately();

private:
  /// The steady clock, and what the time of day is ahead of it by.
  struct moment {
    int64_t steady_ms;
    int64_t ahead_ms;
  };

  moment look() const;
  bool steady(const moment& now);
  bool synchronised(const moment& now);

  clock_sources sources_;
  int64_t ahead_ms_;
  /// What the kernel last said, and when that was.
  bool said_synchronised_ = false;
  std::optional<moment> said_at_;
  uint64_t steps_ = 0;
  int64_t stepped_at_steady_ms_ = 0;
};

} // namespace sluice::detail

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
  /// How long the kernel is believed that the time is synchronised. To ask is a call
  /// into it, and the time is looked at for each update of a session.
  static constexpr int64_t believed_ms = 1000;
  /// Who sets the time makes it unsynchronised: what moves by this much was set.
  static constexpr int64_t set_ms_min = 100;

  clock_watch() : clock_watch(clock_sources{}) {}
  explicit clock_watch(clock_sources sources);

  /// Why the time of day must not decide about a removal; empty: it may.
  std::string doubt();

  /// Whether it has not stepped since the start. A step there and another back are two.
  bool steady();

  bool synchronised();

  /// Steps by an hour or more that were seen since the start.
  uint64_t steps() const { return steps_; }

  /// When the latest step was seen, in ms since 1970, if that is worth an alert still.
  std::optional<int64_t> stepped_lately();

private:
  int64_t ahead_ms() const { return sources_.wall_ms() - sources_.steady_ms(); }

  clock_sources sources_;
  int64_t ahead_ms_;
  /// When the kernel last said that the time is synchronised, by the steady clock, and
  /// what the time was ahead by.
  std::optional<int64_t> said_at_ms_;
  int64_t said_ahead_ms_ = 0;
  uint64_t steps_ = 0;
  int64_t stepped_at_steady_ms_ = 0;
};

} // namespace sluice::detail

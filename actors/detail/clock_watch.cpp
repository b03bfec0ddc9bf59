#include "actors/detail/clock_watch.hpp"

#include <sys/timex.h>

#include <cstdlib>
#include <ctime>
#include <utility>

namespace sluice::detail {

int64_t boot_clock_ms() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

bool clock_synchronised() {
  timex question{};
  auto state = ::adjtimex(&question);
  return state >= 0 && state != TIME_ERROR && (question.status & STA_UNSYNC) == 0;
}

clock_watch::clock_watch(clock_sources sources)
    : sources_(std::move(sources)), ahead_ms_(ahead_ms()) {}

bool clock_watch::steady() {
  auto ahead = ahead_ms();
  if (std::abs(ahead - ahead_ms_) >= step_ms_max) {
    ++steps_;
    stepped_at_steady_ms_ = sources_.steady_ms();
    ahead_ms_ = ahead;
  }
  return steps_ == 0;
}

bool clock_watch::synchronised() {
  const auto now_ms = sources_.steady_ms();
  const auto ahead = ahead_ms();
  if (said_at_ms_ && now_ms - *said_at_ms_ < believed_ms
      && std::abs(ahead - said_ahead_ms_) < set_ms_min)
    return true;
  said_at_ms_.reset();
  if (!sources_.synchronised())
    return false;
  said_at_ms_ = now_ms;
  said_ahead_ms_ = ahead;
  return true;
}

std::optional<int64_t> clock_watch::stepped_lately() {
  if (steady() || sources_.steady_ms() - stepped_at_steady_ms_ >= told_ms)
    return std::nullopt;
  return stepped_at_steady_ms_ + ahead_ms_;
}

std::string clock_watch::doubt() {
  if (!steady())
    return "the clock stepped by an hour or more since the start";
  if (!synchronised())
    return "the clock is not synchronised";
  return {};
}

} // namespace sluice::detail

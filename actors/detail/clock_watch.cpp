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
    : sources_(std::move(sources)), ahead_ms_(look().ahead_ms) {}

clock_watch::moment clock_watch::look() const {
  const auto steady_ms = sources_.steady_ms();
  return {steady_ms, sources_.wall_ms() - steady_ms};
}

bool clock_watch::steady() {
  return steady(look());
}

bool clock_watch::steady(const moment& now) {
  if (std::abs(now.ahead_ms - ahead_ms_) >= step_ms_max) {
    ++steps_;
    stepped_at_steady_ms_ = now.steady_ms;
    ahead_ms_ = now.ahead_ms;
  }
  return steps_ == 0;
}

bool clock_watch::synchronised() {
  return synchronised(look());
}

bool clock_watch::synchronised(const moment& now) {
  const auto believed = said_at_ && now.steady_ms - said_at_->steady_ms < believed_ms
                        && std::abs(now.ahead_ms - said_at_->ahead_ms) < set_ms_min;
  if (!believed) {
    said_synchronised_ = sources_.synchronised();
    said_at_ = now;
  }
  return said_synchronised_;
}

std::optional<int64_t> clock_watch::stepped_lately() {
  if (steady() || sources_.steady_ms() - stepped_at_steady_ms_ >= told_ms)
    return std::nullopt;
  return stepped_at_steady_ms_ + ahead_ms_;
}

bool clock_watch::is_trusted() {
  const auto now = look();
  return steady(now) && synchronised(now);
}

std::string clock_watch::doubt() {
  if (!steady())
    return "the clock stepped by an hour or more since the start";
  if (!synchronised())
    return "the clock is not synchronised";
  return {};
}

} // namespace sluice::detail

// A library to preload: for the process, time that only goes forward passes TIME_LAPSE
// times as fast as it does, by the clock and by the kernel's timers.
#include "tests/system/preload/preload.hpp"

#include <sys/timerfd.h>

#include <cstdlib>
#include <ctime>

namespace {

constexpr long nanoseconds = 1'000'000'000;

long factor() {
  static const auto* text = std::getenv("TIME_LAPSE");
  static const auto result = text == nullptr ? 1 : std::atol(text);
  return result;
}

long whole(const timespec& x) {
  return x.tv_sec * nanoseconds + x.tv_nsec;
}

timespec parts(long x) {
  return {x / nanoseconds, x % nanoseconds};
}

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static const auto real = preload::next<int (*)(clockid_t, timespec*)>("clock_gettime");
  static const auto begin = [] {
    timespec x{};
    real(CLOCK_MONOTONIC, &x);
    return whole(x);
  }();
  const auto result = real(clock, now);
  if (result == 0 && clock == CLOCK_MONOTONIC)
    *now = parts(begin + (whole(*now) - begin) * factor());
  return result;
}

int timerfd_settime(int timer, int flags, const itimerspec* next,
                    itimerspec* before) noexcept {
  static const auto real =
    preload::next<int (*)(int, int, const itimerspec*, itimerspec*)>("timerfd_settime");
  auto sooner = *next;
  const auto wanted = whole(next->it_value);
  if ((flags & TFD_TIMER_ABSTIME) == 0 && wanted > 0)
    sooner.it_value = parts(wanted / factor() + 1);
  return real(timer, flags, &sooner, before);
}
}

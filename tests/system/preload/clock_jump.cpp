// A library to preload: the time of day is ahead of the kernel's by as many seconds as
// the file CLOCK_JUMP_BY says, if it is there. Every other clock goes on. The kernel
// says that the clock is synchronised exactly while the file CLOCK_RIGHT is there.
#include "tests/system/preload/preload.hpp"

#include <sys/time.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <fstream>

namespace {

time_t ahead() {
  static const auto* control = std::getenv("CLOCK_JUMP_BY");
  time_t seconds = 0;
  if (control != nullptr)
    std::ifstream{control} >> seconds;
  return seconds;
}

} // namespace

extern "C" {

int adjtimex(timex* question) noexcept {
  static const auto real = preload::next<int (*)(timex*)>("adjtimex");
  static const auto* control = std::getenv("CLOCK_RIGHT");
  const auto result = real(question);
  if (control == nullptr)
    return result;
  if (access(control, F_OK) != 0) {
    question->status |= STA_UNSYNC;
    return TIME_ERROR;
  }
  question->status &= ~STA_UNSYNC;
  return TIME_OK;
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
  static const auto real = preload::next<int (*)(clockid_t, timespec*)>("clock_gettime");
  const auto result = real(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    now->tv_sec += ahead();
  return result;
}

int gettimeofday(timeval* now, void* zone) noexcept {
  static const auto real = preload::next<int (*)(timeval*, void*)>("gettimeofday");
  const auto result = real(now, zone);
  if (result == 0)
    now->tv_sec += ahead();
  return result;
}

time_t time(time_t* now) noexcept {
  static const auto real = preload::next<time_t (*)(time_t*)>("time");
  const auto result = real(nullptr) + ahead();
  if (now != nullptr)
    *now = result;
  return result;
}
}

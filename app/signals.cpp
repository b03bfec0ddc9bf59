#include "app/signals.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <initializer_list>

namespace sluice {

namespace {

/// Those that ask for the end.
sigset_t ends() {
  sigset_t result;
  sigemptyset(&result);
  for (int each : {SIGTERM, SIGINT})
    sigaddset(&result, each);
  return result;
}

} // namespace

void ignore_signals() {
  for (int each : {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2})
    std::signal(each, SIG_IGN);
}

bool ignores_hangups() {
  struct sigaction now {};
  return sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

sigset_t hold_signals() {
  ignore_signals();
  auto held = ends();
  if (!ignores_hangups())
    sigaddset(&held, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &held, nullptr);
  return held;
}

int end_signal::heard() {
  const auto awaited = ends();
  constexpr timespec at_once{};
  if (heard_ == 0)
    heard_ = std::max(sigtimedwait(&awaited, nullptr, &at_once), 0);
  return heard_;
}

} // namespace sluice

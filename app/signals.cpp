#include "app/signals.hpp"

#include <csignal>
#include <initializer_list>

namespace sluice {

void ignore_signals() {
  for (int each : {SIGPIPE, SIGXFSZ, SIGUSR1, SIGUSR2})
    std::signal(each, SIG_IGN);
}

bool ignores_hangups() {
  struct sigaction now {};
  return sigaction(SIGHUP, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

} // namespace sluice

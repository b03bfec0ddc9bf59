#include "app/last_word.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>

namespace sluice {

namespace {

const char* program = "";

/// Memory may be what there is none of, and standard error may take nothing.
void say(const char* what) {
  std::array<char, 512> line{};
  const auto length = std::snprintf(
    line.data(), line.size(),
    "%s: critical ended by what nothing could be done about: %s\n", program, what);
  pollfd room{STDERR_FILENO, POLLOUT, 0};
  if (length > 0 && poll(&room, 1, 0) == 1) {
    const auto bytes = std::min(static_cast<size_t>(length), line.size() - 1);
    static_cast<void>(!write(STDERR_FILENO, line.data(), bytes));
  }
}

[[noreturn]] void end() {
  try {
    if (const auto thrown = std::current_exception())
      std::rethrow_exception(thrown);
    say("no more is known");
  } catch (const std::exception& x) {
    say(x.what());
  } catch (...) {
    say("of an unknown kind");
  }
  std::_Exit(EXIT_FAILURE);
}

/// The C library gives up so where it has no memory for what a thread needs.
[[noreturn]] void on_abort(int) {
  say("it was aborted");
  std::_Exit(EXIT_FAILURE);
}

} // namespace

void end_with_a_word(const char* name) {
  program = name;
  std::set_terminate(end);
  struct sigaction aborted {};
  aborted.sa_handler = on_abort;
  sigaction(SIGABRT, &aborted, nullptr);
}

} // namespace sluice

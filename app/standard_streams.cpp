#include "app/standard_streams.hpp"

#include "app/printable.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <string>

namespace sluice {

namespace {

// Why standard output did not take something, the first time.
int lost_by = 0;

void note_loss() {
  if (lost_by == 0)
    lost_by = errno;
}

} // namespace

void hold_standard_streams() {
  for (int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(each, F_GETFD) != -1 || errno != EBADF)
      continue;
    // The lowest that is free is this one. Without a /dev the root directory holds the
    // place: nothing can be read from it nor written to it.
    if (open("/dev/null", O_RDWR) == -1)
      open("/", O_RDONLY | O_DIRECTORY);
  }
}

void print(std::string_view words) {
  const auto text = printable_text(words);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
    note_loss();
}

bool flush_printed() {
  if (std::fflush(stdout) != 0)
    note_loss();
  pollfd reader{STDOUT_FILENO, 0, 0};
  if (poll(&reader, 1, 0) == 1 && (reader.revents & POLLERR) != 0)
    lost_by = EPIPE;
  return lost_by == 0;
}

void print_error(std::string_view words) {
  const auto text = printable_text(words);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

int after_printing(int code) {
  if (flush_printed())
    return code;
  if (lost_by != EPIPE)
    print_error(std::string{"cannot write to standard output: "} + std::strerror(lost_by)
                + '\n');
  return 1;
}

} // namespace sluice

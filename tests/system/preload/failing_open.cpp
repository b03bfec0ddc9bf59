// A library to preload: a file whose path ends with what the file FAILING_OPEN says, if
// it is there, cannot be opened: the device does not give it (EIO), or, with the word
// `gone` behind the path, somebody has just taken it away.
#include "tests/system/preload/preload.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace {

/// The error's number; 0: it can be opened.
int problem_of(const char* path) {
  static const auto* control = std::getenv("FAILING_OPEN");
  std::string end;
  std::string how;
  if (control != nullptr)
    std::ifstream{control} >> end >> how;
  if (end.empty() || !std::string_view{path}.ends_with(end))
    return 0;
  return how == "gone" ? ENOENT : EIO;
}

template <class Real, class... Directory>
int open_at(Real real, const char* path, int flags, mode_t mode, Directory... directory) {
  if (const auto problem = problem_of(path); problem != 0) {
    errno = problem;
    return -1;
  }
  return real(directory..., path, flags, mode);
}

} // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static const auto real = preload::next<int (*)(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const auto mode = preload::mode_of(flags, rest);
  va_end(rest);
  return open_at(real, path, flags, mode);
}

int openat(int directory, const char* path, int flags, ...) {
  static const auto real = preload::next<int (*)(int, const char*, int, ...)>("openat");
  va_list rest;
  va_start(rest, flags);
  const auto mode = preload::mode_of(flags, rest);
  va_end(rest);
  return open_at(real, path, flags, mode, directory);
}
}

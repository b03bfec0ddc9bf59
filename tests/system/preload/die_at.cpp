// A library to preload: the process is killed in a write, as by SIGKILL from outside, or
// the write never returns.
//
// DIE_AT_PATH is a part of the file's path, DIE_AT_TEXT of what is written there.
// DIE_AT_STALLS is set for a write that does not return.
#include "tests/system/preload/preload.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void die_if_named(int descriptor, const void* bytes, std::size_t count) {
  static const auto* path = std::getenv("DIE_AT_PATH");
  static const auto* text = std::getenv("DIE_AT_TEXT");
  if (path == nullptr || text == nullptr)
    return;
  const auto written = std::string_view{static_cast<const char*>(bytes), count};
  if (written.find(text) == std::string_view::npos
      || preload::path_of(descriptor).find(path) == std::string::npos)
    return;
  if (std::getenv("DIE_AT_STALLS") == nullptr)
    kill(getpid(), SIGKILL);
  for (;;)
    pause();
}

} // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, std::size_t count) {
  static const auto real =
    preload::next<ssize_t (*)(int, const void*, std::size_t)>("write");
  die_if_named(descriptor, bytes, count);
  return real(descriptor, bytes, count);
}

ssize_t pwrite64(int descriptor, const void* bytes, std::size_t count, off64_t at) {
  static const auto real =
    preload::next<ssize_t (*)(int, const void*, std::size_t, off64_t)>("pwrite64");
  die_if_named(descriptor, bytes, count);
  return real(descriptor, bytes, count, at);
}
}

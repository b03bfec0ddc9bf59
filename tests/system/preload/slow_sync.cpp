// A library to preload: a sync takes as long as the file SLOW_SYNC_WHILE is there, if
// what is synced has a path that holds what is written in that file.
#include "tests/system/preload/preload.hpp"

#include <cstdlib>
#include <fstream>
#include <string>

namespace {

bool is_slow(int descriptor) {
  static const auto* control = std::getenv("SLOW_SYNC_WHILE");
  std::string whose;
  return control != nullptr && std::getline(std::ifstream{control}, whose)
         && preload::path_of(descriptor).find(whose) != std::string::npos;
}

void wait_while_slow(int descriptor) {
  constexpr useconds_t pause_us = 10'000;
  while (is_slow(descriptor))
    usleep(pause_us);
}

} // namespace

extern "C" {

int fsync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fsync");
  wait_while_slow(descriptor);
  return real(descriptor);
}

int fdatasync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fdatasync");
  wait_while_slow(descriptor);
  return real(descriptor);
}
}

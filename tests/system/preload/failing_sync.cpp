// A library to preload: no sync succeeds (EIO) of what has a path that holds what the
// file FAILING_SYNC says, as long as that is there. Which pages the kernel forgot is the
// test's to say: it writes zeros over them.
#include "tests/system/preload/preload.hpp"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string>

namespace {

bool fails(int descriptor) {
  static const auto* control = std::getenv("FAILING_SYNC");
  std::string whose;
  return control != nullptr && std::getline(std::ifstream{control}, whose)
         && preload::path_of(descriptor).find(whose) != std::string::npos;
}

int sync(int descriptor, int (*real)(int)) {
  if (!fails(descriptor))
    return real(descriptor);
  errno = EIO;
  return -1;
}

} // namespace

extern "C" {

int fsync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fsync");
  return sync(descriptor, real);
}

int fdatasync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fdatasync");
  return sync(descriptor, real);
}
}

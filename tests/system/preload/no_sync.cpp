// A library to preload: syncs say that they are done, and do nothing. What is built on
// it must lose data in a power cut, and whoever looks for lost data must find it.
//
// NO_SYNC_OF says whose syncs: `directories`, or files whose path holds it; unset: all.
#include "tests/system/preload/preload.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace {

bool is_directory(int descriptor) {
  struct stat status = {};
  return fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

bool is_skipped(int descriptor) {
  const auto* whose = std::getenv("NO_SYNC_OF");
  if (whose == nullptr)
    return true;
  if (std::string_view{whose} == "directories")
    return is_directory(descriptor);
  return !is_directory(descriptor)
         && preload::path_of(descriptor).find(whose) != std::string::npos;
}

} // namespace

extern "C" {

int fsync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fsync");
  return is_skipped(descriptor) ? 0 : real(descriptor);
}

int fdatasync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fdatasync");
  return is_skipped(descriptor) ? 0 : real(descriptor);
}

int sync_file_range(int, off64_t, off64_t, unsigned) {
  return 0;
}

int syncfs(int) noexcept {
  return 0;
}

void sync() noexcept {}
}

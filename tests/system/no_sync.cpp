// A library to preload: every sync says that it is done, and does nothing. What is built
// on it must lose data in a power cut, and whoever looks for lost data must find it.
#include <fcntl.h>
#include <unistd.h>

extern "C" {

int fsync(int) {
  return 0;
}

int fdatasync(int) {
  return 0;
}

int sync_file_range(int, off64_t, off64_t, unsigned) {
  return 0;
}

int syncfs(int) noexcept {
  return 0;
}

void sync() noexcept {}
}

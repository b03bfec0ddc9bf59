// A file as a program writes it that has no Sluice: opened, written, perhaps synced.
// A failure ends the bench.
#pragma once

#include "actors/storage/unique_fd.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice::bench {

class plain_file {
public:
  plain_file(const std::string& path, int flags)
      : fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0640)) {
    check(static_cast<bool>(fd_), path);
  }

  void write(std::string_view bytes) {
    auto written = ::write(fd_.get(), bytes.data(), bytes.size());
    check(written == static_cast<ssize_t>(bytes.size()), "write");
  }

  void sync() { check(::fdatasync(fd_.get()) == 0, "fdatasync"); }

private:
  static void check(bool ok, const std::string& what) {
    if (!ok)
      throw std::system_error(errno, std::generic_category(), what);
  }

  unique_fd fd_;
};

} // namespace sluice::bench

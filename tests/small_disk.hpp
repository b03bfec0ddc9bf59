// A disk that is full, by the limit that a process has on the size of its files.
#pragma once

#include <sys/resource.h>

#include <csignal>

namespace sluice::test {

/// Lets files of this process grow to `bytes` and no further: a disk that is full.
class small_disk {
public:
  explicit small_disk(rlim_t bytes) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~small_disk() { ::setrlimit(RLIMIT_FSIZE, &before_); }

private:
  rlimit before_{};
};

} // namespace sluice::test

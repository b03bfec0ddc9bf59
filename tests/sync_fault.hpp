// What the system answers a sync of this program, where a test has a say in it.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <functional>

namespace sluice::test {

/// Returns the number of the error that a sync of this descriptor ends with, or 0: then
/// the system is asked. Empty: it always is.
inline std::function<int(int)> sync_fault;

} // namespace sluice::test

/// In place of the library's.
extern "C" __attribute__((used)) inline int fdatasync(int descriptor) {
  const auto problem =
    sluice::test::sync_fault ? sluice::test::sync_fault(descriptor) : 0;
  if (problem == 0)
    return static_cast<int>(::syscall(SYS_fdatasync, descriptor));
  errno = problem;
  return -1;
}

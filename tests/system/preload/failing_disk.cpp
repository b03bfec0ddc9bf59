// A library to preload: writes and syncs of files below FAILING_DISK_UNDER fail now and
// then, or take long.
//
// FAILING_DISK names a file of five numbers of 32 bits, which may change at any time: one
// of how many writes fails, and one of how many syncs; one of how many of either takes
// long, and how many microseconds at most; and, counted here, how many failed. Nothing
// fails where a number is 0. A write that fails may have been made in part.
#include "tests/system/preload/preload.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

namespace {

using number = std::atomic<std::uint32_t>;

struct orders {
  number writes;
  number syncs;
  number delays;
  number delay_us;
  number failed;
};

std::atomic<orders*> given = nullptr;

bool strikes(number orders::*odds) {
  auto* now = given.load(std::memory_order_acquire);
  const auto one_of = now == nullptr ? 0 : (now->*odds).load(std::memory_order_relaxed);
  return one_of != 0 && preload::next_die() % one_of == 0;
}

bool is_meant(int descriptor) {
  static const auto* under = std::getenv("FAILING_DISK_UNDER");
  return under != nullptr && preload::path_of(descriptor).starts_with(under);
}

void wait_now_and_then(int descriptor) {
  if (!strikes(&orders::delays) || !is_meant(descriptor))
    return;
  const auto most = given.load()->delay_us.load(std::memory_order_relaxed);
  usleep(static_cast<useconds_t>(preload::next_die() % (most + 1)));
}

bool fails(number orders::*odds, int descriptor) {
  if (!strikes(odds) || !is_meant(descriptor))
    return false;
  given.load()->failed.fetch_add(1, std::memory_order_relaxed);
  return true;
}

/// What is asked for, a part of it, or nothing at all.
template <class Write>
ssize_t written(int descriptor, std::size_t count, Write write) {
  wait_now_and_then(descriptor);
  if (!fails(&orders::writes, descriptor))
    return write(count);
  const auto die = preload::next_die();
  if (die % 3 == 0 && count > 1)
    return write(count / 2);
  errno = die % 3 == 1 ? EIO : ENOSPC;
  return -1;
}

template <class Sync>
int synced(int descriptor, Sync real) {
  wait_now_and_then(descriptor);
  const auto result = real(descriptor);
  if (!fails(&orders::syncs, descriptor))
    return result;
  errno = EIO;
  return -1;
}

__attribute__((constructor)) void take_orders() {
  const auto* path = std::getenv("FAILING_DISK");
  const int file = path == nullptr ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file == -1)
    return;
  auto* where =
    mmap(nullptr, sizeof(orders), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (where != MAP_FAILED)
    given.store(static_cast<orders*>(where), std::memory_order_release);
}

using write_at = ssize_t (*)(int, const void*, std::size_t, off64_t);

} // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, std::size_t count) {
  static const auto real =
    preload::next<ssize_t (*)(int, const void*, std::size_t)>("write");
  return written(descriptor, count,
                 [=](std::size_t part) { return real(descriptor, bytes, part); });
}

ssize_t pwrite(int descriptor, const void* bytes, std::size_t count, off_t at) {
  static const auto real = preload::next<write_at>("pwrite");
  return written(descriptor, count,
                 [=](std::size_t part) { return real(descriptor, bytes, part, at); });
}

ssize_t pwrite64(int descriptor, const void* bytes, std::size_t count, off64_t at) {
  static const auto real = preload::next<write_at>("pwrite64");
  return written(descriptor, count,
                 [=](std::size_t part) { return real(descriptor, bytes, part, at); });
}

int fsync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fsync");
  return synced(descriptor, real);
}

int fdatasync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fdatasync");
  return synced(descriptor, real);
}
}

// A library to preload: memory, threads and mappings are refused now and then.
//
// STARVING names a file of six numbers of 32 bits, which may change at any time: one of
// how many allocations fails, and how many bytes the least one has that may; one of how
// many threads, and of how many mappings; whether allocations fail on CAF's workers
// alone; and, counted here, how many failed. Nothing fails where a number is 0.
#include "tests/system/preload/preload.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/types.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string_view>

// glibc's own, behind the names that are hidden here.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);
}

namespace {

using number = std::atomic<std::uint32_t>;

struct orders {
  number memory;
  number least_bytes;
  number threads;
  number mappings;
  number workers_alone;
  number failed;
};

std::atomic<orders*> given = nullptr;

bool strikes(number orders::*odds) {
  auto* now = given.load(std::memory_order_acquire);
  if (now == nullptr)
    return false;
  const auto one_of = (now->*odds).load(std::memory_order_relaxed);
  if (one_of == 0 || preload::next_die() % one_of != 0)
    return false;
  now->failed.fetch_add(1, std::memory_order_relaxed);
  return true;
}

/// CAF names them like the thread of its sockets.
bool is_worker() {
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof name);
  return std::string_view{name}.starts_with("caf.multiplexer");
}

bool memory_fails(std::size_t bytes) {
  auto* now = given.load(std::memory_order_acquire);
  return now != nullptr && bytes >= now->least_bytes.load(std::memory_order_relaxed)
         && (now->workers_alone.load(std::memory_order_relaxed) == 0 || is_worker())
         && strikes(&orders::memory);
}

template <class Result>
Result refused(int why, Result nothing) {
  errno = why;
  return nothing;
}

__attribute__((constructor)) void take_orders() {
  const auto* path = std::getenv("STARVING");
  const int file = path == nullptr ? -1 : open(path, O_RDWR | O_CLOEXEC);
  if (file == -1)
    return;
  static const auto real =
    preload::next<void* (*)(void*, std::size_t, int, int, int, off_t)>("mmap");
  auto* where =
    real(nullptr, sizeof(orders), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (where != MAP_FAILED)
    given.store(static_cast<orders*>(where), std::memory_order_release);
}

} // namespace

extern "C" {

void* malloc(std::size_t bytes) {
  return memory_fails(bytes) ? refused<void*>(ENOMEM, nullptr) : __libc_malloc(bytes);
}

void* calloc(std::size_t count, std::size_t bytes) {
  return memory_fails(count * bytes) ? refused<void*>(ENOMEM, nullptr)
                                     : __libc_calloc(count, bytes);
}

void* realloc(void* old, std::size_t bytes) {
  return memory_fails(bytes) ? refused<void*>(ENOMEM, nullptr)
                             : __libc_realloc(old, bytes);
}

int pthread_create(pthread_t* made, const pthread_attr_t* how, void* (*run)(void*),
                   void* with) {
  static const auto real =
    preload::next<int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>(
      "pthread_create");
  return strikes(&orders::threads) ? EAGAIN : real(made, how, run, with);
}

void* mmap(void* where, std::size_t bytes, int rights, int how, int file, off_t at) {
  static const auto real =
    preload::next<void* (*)(void*, std::size_t, int, int, int, off_t)>("mmap");
  if (strikes(&orders::mappings))
    return refused(ENOMEM, MAP_FAILED);
  return real(where, bytes, rights, how, file, at);
}
}

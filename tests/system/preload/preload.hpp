// What libraries share that are preloaded: the functions behind theirs, the mode of an
// open, what a descriptor is of, and dice.
#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <string>

namespace preload {

/// The function of this name that the caller's one hides.
template <class F>
F next(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

/// The mode, where the flags of an open say that there is one.
inline mode_t mode_of(int flags, va_list rest) {
  return (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
}

inline std::string path_of(int descriptor) {
  std::array<char, 4096> path{};
  auto link = "/proc/self/fd/" + std::to_string(descriptor);
  auto length = readlink(link.c_str(), path.data(), path.size());
  return {path.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

/// As even as dice, and the same each time as far as threads allow.
inline std::uint64_t next_die() {
  static std::atomic<std::uint64_t> asked = 0;
  auto x = asked.fetch_add(1, std::memory_order_relaxed) * 0x9E3779B97F4A7C15u;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

} // namespace preload

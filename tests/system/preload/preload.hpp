// What libraries share that are preloaded: the functions behind theirs, the mode of an
// open, and what a descriptor is of.
#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <cstddef>
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

} // namespace preload

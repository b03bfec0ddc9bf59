// What libraries share that are preloaded: the functions behind theirs, and what a
// descriptor is of.
#pragma once

#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>

namespace preload {

/// The function of this name that the caller's one hides.
template <class F>
F next(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

inline std::string path_of(int descriptor) {
  std::array<char, 4096> path{};
  auto link = "/proc/self/fd/" + std::to_string(descriptor);
  auto length = readlink(link.c_str(), path.data(), path.size());
  return {path.data(), length > 0 ? static_cast<std::size_t>(length) : 0};
}

} // namespace preload

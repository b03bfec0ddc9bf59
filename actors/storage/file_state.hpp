// What a path means at one moment: a file, nothing, or nobody knows. Two equal states
// with a file are of the same one, which nobody changed in between.
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdint>
#include <string>

namespace sluice {

/// Which file a name means; somebody else's under the same name is another.
struct file_identity {
  dev_t device = 0;
  ino_t inode = 0;

  bool operator==(const file_identity&) const = default;
};

struct file_state {
  /// What the system answered instead of a file; 0: nothing.
  int problem = 0;
  file_identity identity = {};
  /// Neither a directory nor a device, a pipe, a socket or a link.
  bool regular = false;
  uint64_t size = 0;
  int64_t modified_ns = 0;
  /// Of the last change, of its rights too. Nobody can set it.
  int64_t changed_ns = 0;

  /// Nothing is there. Any other problem leaves open what is.
  bool absent() const { return problem == ENOENT; }

  bool operator==(const file_state&) const = default;
};

inline int64_t nanoseconds(const timespec& x) {
  return int64_t{x.tv_sec} * 1'000'000'000 + x.tv_nsec;
}

inline file_state state_of(const struct stat& info) {
  return {0,
          {info.st_dev, info.st_ino},
          S_ISREG(info.st_mode),
          static_cast<uint64_t>(info.st_size),
          nanoseconds(info.st_mtim),
          nanoseconds(info.st_ctim)};
}

/// Links are not followed.
inline file_state look_at(const std::string& path) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0)
    return {errno};
  return state_of(info);
}

} // namespace sluice

// A DIRECTORY WATCH tells, in a call that walks no path, whether a path may name another
// directory than before, or a name in that directory another file. The kernel notes each
// rename and each delete before it returns to whoever did it.
#pragma once

#include "actors/storage/unique_fd.hpp"

#include <string>

namespace sluice {

class directory_watch {
public:
  /// Notes from now on what becomes of the directory, and of those above it. It cannot
  /// where the path goes through links, or the system gives no watch.
  void begin(const std::string& path);

  /// Whether nothing was noted since the last time; never, where nothing can be. What is
  /// mounted over the path, or taken away under it, is not noted.
  bool is_quiet();

private:
  unique_fd notes_;
};

} // namespace sluice

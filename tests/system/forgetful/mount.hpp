// A mount of the file system, served by threads of its own from construction until it
// is unmounted.
#pragma once

#include <string>
#include <thread>

#include "tests/system/forgetful/file_system.hpp"

namespace forgetful {

class mount {
public:
  // Throws a runtime_error where there is no FUSE.
  mount(file_system& what, const std::string& where);

  // Waits for whoever unmounts it, unless it is to `leave` by itself.
  ~mount();

  mount(const mount&) = delete;

  mount& operator=(const mount&) = delete;

  // Unmounts, even with files open.
  void leave();

private:
  fuse_session* session_;
  std::thread server_;
};

} // namespace forgetful

// A mount of the file system, served by threads of its own. It unmounts itself at its
// end, if nobody did so before.
#pragma once

#include <string>
#include <thread>

#include "tests/system/forgetful/file_system.hpp"

namespace forgetful {

class mount {
public:
  // Throws a runtime_error where there is no FUSE.
  mount(file_system& what, const std::string& where);

  ~mount();

  mount(const mount&) = delete;

  mount& operator=(const mount&) = delete;

private:
  fuse_session* session_;
  std::thread server_;
};

} // namespace forgetful

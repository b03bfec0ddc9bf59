// A place in a file, by what the file is and not by what it is called: a rotated log is
// the same file under another name.
#pragma once

#include <caf/meta/type_name.hpp>

#include <cstdint>

namespace sluice {

struct file_position {
  uint64_t device = 0;
  uint64_t inode = 0;
  /// In bytes.
  uint64_t offset = 0;

  bool operator==(const file_position&) const = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, file_position& x) {
  return f(caf::meta::type_name("file_position"), x.device, x.inode, x.offset);
}

} // namespace sluice

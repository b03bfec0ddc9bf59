// Who may do what with a file that is made in the data directory. The process's umask may
// narrow it further.
#pragma once

#include <sys/types.h>

namespace sluice {

struct file_rights {
  mode_t file = 0640;

  /// Whoever may read the files may look for them.
  mode_t directory() const { return file | (file & 0444) >> 2; }
};

/// Of what nobody but the service's own user may read.
constexpr file_rights owners_alone{0600};

} // namespace sluice

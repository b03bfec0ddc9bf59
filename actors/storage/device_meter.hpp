// The kernel's own count of what reaches the device that a directory is on.
#pragma once

#include "messages/ledger.hpp"

#include <string>

namespace sluice {

/// Counts from its making on. A directory that is on no device of its own (in RAM, on
/// some layered file systems, on a network) has none.
class device_meter {
public:
  explicit device_meter(const std::string& directory);

  device_io read() const;

private:
  std::string stat_file_;
  device_io first_;
};

} // namespace sluice

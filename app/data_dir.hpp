// The data directory: this process's alone for as long as the object lives, with an
// identity that it keeps for ever.
//
//   DATA/lock   locked by the one service that runs on it; never unlinked, since a lock
//               on a file that has lost its name keeps nobody out
//   DATA/id     32 hex digits, made at the first start
//   DATA/logs/  the logs
#pragma once

#include "actors/storage/unique_fd.hpp"

#include <caf/expected.hpp>
#include <caf/timespan.hpp>

#include <string>

namespace sluice {

class data_dir {
public:
  /// Makes what is missing, and locks. A killed service's lock lives until its last
  /// write ends, hence `patience`. `invalid_setting` for a path that can be no data
  /// directory; `unavailable` for one that is in use, or cannot be read.
  static caf::expected<data_dir> open(const std::string& path, caf::timespan patience);

  const std::string& path() const { return path_; }

  const std::string& id() const { return id_; }

private:
  data_dir(std::string path, unique_fd lock);

  std::string path_;
  std::string id_;
  /// The locked file.
  unique_fd lock_;
};

} // namespace sluice

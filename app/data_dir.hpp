// The data directory: this process's alone for as long as the object lives, with an
// identity that it keeps for ever.
//
//   DATA/lock   locked by the one service that runs on it; names its process, and tells
//               how the last run ended; never unlinked, since a lock on a file that has
//               lost its name keeps nobody out
//   DATA/id     32 hex digits, made at the first start
//   DATA/logs/  the logs
#pragma once

#include "actors/storage/unique_fd.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>
#include <caf/timespan.hpp>

#include <string>

namespace sluice {

class data_dir {
public:
  /// Makes what is missing, but nothing above the directory, and locks. A killed
  /// service's lock lives until its last write ends, hence `patience`; one that runs is
  /// not waited for. `invalid_setting` for a path that can be no data directory;
  /// `unavailable` for one that is in use, or cannot be read.
  static caf::expected<data_dir> open(const std::string& path, caf::timespan patience,
                                      mode_t directory_mode = 0700);

  const std::string& path() const { return path_; }

  /// The same for everybody, wherever they are.
  const std::string& real_path() const { return real_path_; }

  const std::string& id() const { return id_; }

  /// Takes another identity, since the one that it has is somebody else's.
  caf::error renew_id();

  /// Tells whoever wants the directory next that it is worth its while to wait.
  void announce_end();

  /// What is kept beside the lock from one run to the next, across kills but not across
  /// power cuts: nothing is synced.
  std::string notes() const;
  caf::error keep_notes(const std::string& notes) const;

private:
  data_dir(std::string path, unique_fd lock);

  std::string path_;
  std::string real_path_;
  std::string id_;
  /// The locked file.
  unique_fd lock_;
};

/// The identity that a data directory at this path has; empty if there is none.
/// `unavailable`: it cannot be told.
caf::expected<std::string> id_of_data_dir(const std::string& path);

} // namespace sluice

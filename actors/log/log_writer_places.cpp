// Which logs have their file open, where there may be more logs than descriptors. The
// kernel tells of a write that it could not bring to the disk only whoever has the file
// open: so none is closed before it is synced.

#include "actors/log/log_writer.hpp"

#include "messages/error.hpp"

namespace sluice {

void log_writer_state::shut(log_file& x) {
  x.file.reset();
  x.midway = false;
  open_.forget(&x);
}

/// Whether its file may be closed once all of it is on disk.
bool log_writer_state::log_file::may_rest() const {
  return syncs_open == 0 && !is_suspect() && !cut_open && !midway && renamed.empty();
}

/// Closes the files that were used longest ago, until one more may be opened.
caf::error log_writer_state::make_place() {
  for (auto next = open_.begin(); next != open_.end();) {
    if (open_.size() + renamed_open_ < config_.open_files_max)
      return caf::none;
    auto* x = *next++;
    rest(*x);
  }
  if (open_.size() + renamed_open_ < config_.open_files_max)
    return caf::none;
  return caf::make_error(ec::disk_failed,
                         "all " + std::to_string(config_.open_files_max)
                           + " log files that may be open wait for the disk");
}

/// Closes the file, unless something of it is not on disk and cannot be brought there.
bool log_writer_state::rest(log_file& x) {
  if (!x.may_rest())
    return false;
  if (x.file->has_unsynced()) {
    if (auto err = sync_file(x)) {
      note_failure(err);
      return false;
    }
    ++io_.syncs;
  }
  if (x.syncer)
    stop_syncer(x.syncer);
  x.syncer = nullptr;
  shut(x);
  x.resting = true;
  ++files_rested_;
  return true;
}

} // namespace sluice

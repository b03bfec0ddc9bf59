// Files that somebody renamed or deleted while lines of theirs were in the page cache
// alone. Their bytes are ours to bring to the disk, wherever their names went: oldest
// first, and nothing later of the same log counts as on disk before.

#include "actors/log/log_writer.hpp"

#include "messages/error.hpp"

#include <algorithm>

namespace sluice {

void log_writer_state::let_go(log_file& from) {
  if (from.file && from.file->has_unsynced()) {
    from.renamed.push_back(
      {from.file, from.written, from.before_file, from.suspect, false});
    ++renamed_open_;
    sync_renamed(from);
  }
  shut(from);
  from.suspect = false;
}

/// Has the oldest one synced, unless that is under way.
void log_writer_state::sync_renamed(log_file& x) {
  auto& oldest = x.renamed.front();
  if (oldest.syncing)
    return;
  if (auto err = mend_renamed(x)) {
    note_failure(err);
    x.aside.note(oldest.file->path()
                 + " was renamed, and its end is not synced: " + text_of(err));
    return;
  }
  if (!x.syncer)
    x.syncer = config_.make_syncer();
  oldest.syncing = true;
  doubt_renamed(x, false);
  self_->request(x.syncer, caf::infinite, atom::sync_v, file_handle{oldest.file})
    .then(
      [this, &x](const io_counts& io) {
        io_ += io;
        x.renamed.front().syncing = false;
        // One that was asked for before the file lost its name has failed.
        if (x.renamed.front().suspect)
          return;
        renamed_synced(x);
        if (!x.renamed.empty())
          sync_renamed(x);
      },
      [this, &x](const caf::error& err) {
        note_failure(err);
        if (is_no_answer(err))
          x.syncer = file_syncer_actor{};
        doubt_renamed(x, true);
        x.renamed.front().syncing = false;
        x.renamed.front().suspect = true;
      });
}

void log_writer_state::renamed_synced(log_file& x) {
  release(x, x.renamed.front().last);
  x.renamed.pop_front();
  --renamed_open_;
}

/// Writes again what a failed sync of the oldest one has put in doubt, where it is ours.
caf::error log_writer_state::mend_renamed(log_file& x) {
  auto& oldest = x.renamed.front();
  if (!oldest.suspect)
    return caf::none;
  auto lines = caf::optional<std::string>{};
  if (x.lane != 0) {
    const auto released = config_.spool->state(x.lane).released;
    lines = kept_lines(x, std::max(oldest.before, released), oldest.last);
  }
  if (!lines)
    return caf::make_error(ec::disk_failed, "a sync failed, and the lines are not kept");
  if (auto err = oldest.file->rewrite_unsynced(*lines, io_))
    return err;
  oldest.suspect = false;
  return caf::none;
}

/// At the end. A sync that is under way has the answer, which nobody can wait for.
caf::error log_writer_state::sync_renamed_now(log_file& x) {
  while (!x.renamed.empty()) {
    if (auto err = mend_renamed(x))
      return err;
    doubt_renamed(x, false);
    if (auto err = x.renamed.front().file->sync()) {
      doubt_renamed(x, true);
      x.renamed.front().suspect = true;
      return err;
    }
    renamed_synced(x);
  }
  return caf::none;
}

} // namespace sluice

// Files that somebody renamed or deleted while lines of theirs were in the page cache
// alone. Their bytes are ours to bring to the disk, wherever their names went: oldest
// first, and nothing later of the same log counts as on disk before.

#include "actors/log/log_writer.hpp"

#include "messages/error.hpp"

#include <algorithm>

namespace sluice {

void log_writer_state::let_go(const std::string& log, log_file& from) {
  if (from.file && from.file->has_unsynced()) {
    from.renamed.push_back({from.file, from.written, from.before_file, false});
    ++renamed_open_;
    sync_renamed(log, from);
  }
  shut(from);
}

/// Has the oldest one synced, unless that is under way.
void log_writer_state::sync_renamed(const std::string& log, log_file& x) {
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
  auto token = std::make_shared<sync_token>(oldest.file, claim_of_oldest(x));
  self_->request(x.syncer, caf::infinite, atom::sync_v, file_handle{token})
    .then(
      [this, log, token](const io_counts& io) { renamed_synced(log, *token, io); },
      [this, log, token](const caf::error& err) { renamed_failed(log, *token, err); });
}

sync_claim log_writer_state::claim_of_oldest(const log_file& x) const {
  if (x.lane == 0)
    return {};
  const auto& oldest = x.renamed.front();
  const auto released = config_.spool->state(x.lane).released;
  return claim_on(x, *oldest.file, std::max(oldest.before, released), oldest.last);
}

/// Whoever could not wait for it may have synced the file meanwhile, and let go of it.
void log_writer_state::renamed_synced(const std::string& log, sync_token& token,
                                      const io_counts& io) {
  io_ += io;
  const auto counts = !token.settle(caf::none);
  auto& x = entry(log);
  if (x.renamed.empty() || x.renamed.front().file != token.file())
    return;
  x.renamed.front().syncing = false;
  if (!counts)
    return;
  forget_oldest(x);
  if (!x.renamed.empty())
    sync_renamed(log, x);
}

void log_writer_state::renamed_failed(const std::string& log, sync_token& token,
                                      const caf::error& err) {
  note_failure(err);
  token.settle(err);
  auto& x = entry(log);
  if (is_no_answer(err))
    x.syncer = file_syncer_actor{};
  if (!x.renamed.empty() && x.renamed.front().file == token.file())
    x.renamed.front().syncing = false;
}

void log_writer_state::forget_oldest(log_file& x) {
  x.renamed.pop_front();
  --renamed_open_;
}

/// Writes again what a failed sync of the oldest one has put in doubt, where it is ours.
caf::error log_writer_state::mend_renamed(log_file& x) {
  auto& oldest = x.renamed.front();
  if (!oldest.file->suspect())
    return caf::none;
  auto lines = caf::optional<std::string>{};
  if (x.lane != 0) {
    const auto released = config_.spool->state(x.lane).released;
    lines = kept_lines(x, std::max(oldest.before, released), oldest.last);
  }
  if (!lines)
    return caf::make_error(ec::disk_failed, "a sync failed, and the lines are not kept");
  return oldest.file->rewrite_unsynced(*lines, io_);
}

/// Where nobody may go on before. One that is under way goes first, and its failure is
/// told to both.
caf::error log_writer_state::sync_renamed_now(log_file& x) {
  while (!x.renamed.empty()) {
    if (auto err = mend_renamed(x))
      return err;
    if (auto err = sync_token{x.renamed.front().file, claim_of_oldest(x)}.run_here())
      return err;
    forget_oldest(x);
  }
  return caf::none;
}

} // namespace sluice

// What a sync that failed, or that nobody saw the end of, leaves to whoever comes after a
// death. The kernel tells of lost pages once, and perhaps told the dead: what it was to
// bring to disk looks well in the page cache, and is not compared but written again.

#include "actors/log/log_writer.hpp"

#include "messages/error.hpp"

#include <algorithm>

namespace sluice {

// -- settling it ----------------------------------------------------------------------

caf::error log_writer_state::settle(const std::string& log, log_file& x,
                                    const sync_doubt& doubt) {
  const auto& what = doubt.what;
  const auto after = what.first_seq - 1;
  const auto taken_in = config_.spool->state(x.lane).appended;
  // Behind what is written a batch may have been begun.
  auto lines = kept_lines(x, after, x.written);
  auto all = kept_lines(x, after, taken_in);
  const auto now = x.file->position();
  const auto renamed = now.device != what.where.device || now.inode != what.where.inode;
  if ((!lines || !all) && doubt.failed && !renamed) {
    claim(x, caf::none);
    return suspect_from(x, what);
  }
  if (!lines || !all)
    return claim_all(x, caf::none);
  if (renamed) {
    auto err = settle_renamed(x, what, *all);
    return err ? std::move(err) : claim_all(x, caf::none);
  }
  if (auto err = x.file->doubt_from(what.where.offset, *all, io_))
    return err;
  x.before_file = after;
  auto err = caf::error{};
  if (x.file->unsynced_is_ours()) {
    err = cut_and_rewrite(x, *lines);
  } else {
    err = begin_anew(log, x, *lines, io_);
    // As long as the doubt is there, this is where it is tried again.
    x.cut_open = err && !config_.spool->state(x.lane).doubt;
  }
  if (!err)
    config_.spool->written(x.lane, x.written);
  return err;
}

/// Room was short before the sync failed: the page cache is all that there is, and the
/// next sync begins with writing again what it shows.
caf::error log_writer_state::suspect_from(log_file& x, const batch_note& what) {
  const auto end = x.file->end();
  if (end < what.where.offset)
    return caf::none;
  auto there = x.file->read(what.where.offset, end - what.where.offset, io_);
  if (!there)
    return std::move(there.error());
  x.before_file = what.first_seq - 1;
  x.file->distrust();
  return x.file->doubt_from(what.where.offset, *there, io_);
}

caf::error log_writer_state::cut_and_rewrite(log_file& x, const std::string& lines) {
  note_rewriting(x);
  if (auto err = x.file->cut(x.file->synced_end()))
    return err;
  auto done = x.file->append(lines);
  io_ += done.io;
  return std::move(done.problem);
}

/// The lines are in a file that has got another name since, and perhaps later ones in
/// the one that has the log's name now.
caf::error log_writer_state::settle_renamed(log_file& x, const batch_note& what,
                                            const std::string& lines) {
  const auto after = what.first_seq - 1;
  auto found = append_file::find(config_.directory, what.where);
  if (!found)
    return std::move(found.error());
  if (!*found)
    return caf::none; // it is gone, and what was in it with it
  auto& file = *found;
  if (auto err = file->doubt_from(what.where.offset, lines, io_))
    return err;
  if (!file->unsynced_is_ours())
    return append_lost(x, what);
  // It may have got more lines since, and half of a batch, which is written whole again.
  auto there = lines.substr(0, file->end() - file->synced_end());
  const auto count = std::count(there.begin(), there.end(), '\n');
  const auto last =
    std::max(std::min(what.last_seq, x.written), after + static_cast<uint64_t>(count));
  const auto again = kept_lines(x, after, last);
  if (!again)
    return caf::none;
  if (auto err = file->cut(file->synced_end()))
    return err;
  auto done = file->append(*again);
  io_ += done.io;
  if (done.problem)
    return std::move(done.problem);
  // Nobody else is to append to it before it is synced.
  if (auto err = sync_token{file, claim_on(x, *file, after, last)}.run_here())
    return err;
  x.written = std::max(x.written, last);
  x.before_file = last;
  return caf::none;
}

/// Where the sync was to bring them, is somebody else's now: they follow in the log's own
/// file.
caf::error log_writer_state::append_lost(log_file& x, const batch_note& what) {
  const auto last = std::min(what.last_seq, x.written);
  auto lines = kept_lines(x, what.first_seq - 1, last);
  if (!lines || lines->empty())
    return caf::none;
  auto where = x.file->make_ready(io_);
  if (!where)
    return std::move(where.error());
  x.before_file = what.first_seq - 1;
  config_.spool->begin_batch(x.lane, {*where, what.first_seq, last});
  auto done = x.file->append(*lines);
  io_ += done.io;
  if (done.problem)
    return std::move(done.problem);
  config_.spool->written(x.lane, x.written);
  x.aside.note("a sync failed or was cut short, and the file that it was of was renamed "
               "and changed by somebody else: its lines are in "
               + x.file->path() + " again");
  return caf::none;
}

} // namespace sluice

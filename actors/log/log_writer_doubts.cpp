// What a sync that failed, or that nobody saw the end of, leaves to whoever comes after a
// death. The kernel tells of lost pages once, and perhaps told the dead: what it was to
// bring to disk looks well in the page cache, and is not compared but written again.

#include "actors/log/log_writer.hpp"

#include "actors/storage/system_error.hpp"
#include "actors/storage/unique_fd.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice {

namespace {

/// How many bytes of `all` are in the file from there on, of which the first `in_doubt`
/// may read as zeros, as pages do that the kernel dropped; 0 if those are not there.
caf::expected<uint64_t> bytes_there(const append_file& file, uint64_t offset,
                                    uint64_t in_doubt, const std::string& all,
                                    io_counts& io) {
  const auto size = file.end() - std::min(offset, file.end());
  if (size < in_doubt)
    return uint64_t{0};
  auto there = file.read(offset, std::min<uint64_t>(size, all.size()), io);
  if (!there)
    return std::move(there.error());
  uint64_t same = 0;
  while (same < there->size()
         && ((*there)[same] == all[same] || (same < in_doubt && (*there)[same] == 0)))
    ++same;
  return same < in_doubt ? 0 : same;
}

/// Others wrote behind what is in doubt: it can be neither cut off nor appended, but it
/// can be written again where it stands. Whether it was there.
caf::expected<bool> rewrite_in_place(const append_file& file, uint64_t offset,
                                     uint64_t in_doubt, const std::string& all,
                                     io_counts& io) {
  auto bytes = bytes_there(file, offset, in_doubt, all, io);
  if (!bytes)
    return std::move(bytes.error());
  // Whatever is written by the file's own descriptor goes to its end.
  unique_fd again{::open(file.path().c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat now = {};
  if (!again || ::fstat(again.get(), &now) != 0)
    return system_failure("open", file.path(), errno);
  if (*bytes == 0 || now.st_dev != file.device() || now.st_ino != file.inode()
      || static_cast<uint64_t>(now.st_size) < file.end())
    return false;
  for (uint64_t done = 0; done < *bytes;) {
    const auto written = ::pwrite(again.get(), all.data() + done, *bytes - done,
                                  static_cast<off_t>(offset + done));
    if (written <= 0)
      return system_failure("write", file.path(), written < 0 ? errno : ENOSPC);
    ++io.writes;
    io.write_bytes += static_cast<uint64_t>(written);
    done += static_cast<uint64_t>(written);
  }
  return true;
}

} // namespace

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
    auto there = rewrite_in_place(*x.file, what.where.offset, lines->size(), *all, io_);
    if (!there)
      return std::move(there.error());
    if (*there)
      return caf::none;
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
    return mend_among_others(x, what, file);
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

/// The file has got another name, and others wrote to it.
caf::error log_writer_state::mend_among_others(log_file& x, const batch_note& what,
                                               const std::shared_ptr<append_file>& file) {
  const auto after = what.first_seq - 1;
  const auto last = std::min(what.last_seq, x.written);
  const auto lines = kept_lines(x, after, last);
  if (!lines)
    return caf::none;
  auto there = rewrite_in_place(*file, what.where.offset, lines->size(), *lines, io_);
  if (!there)
    return std::move(there.error());
  if (!*there)
    return append_lost(x, what);
  if (auto err = sync_token{file, claim_on(x, *file, after, last)}.run_here())
    return err;
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

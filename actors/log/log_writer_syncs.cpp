// How a log gets to the disk, and what is done when a sync fails: no later success on
// that file counts until what is in doubt was cut off, written again, and synced. The
// lines come from the spool, since the page cache may have lost them.

#include "actors/log/log_writer.hpp"

#include "actors/log/spooled_lines.hpp"
#include "actors/storage/lane_claim.hpp"
#include "messages/error.hpp"

#include <algorithm>

namespace sluice {

caf::result<io_counts> log_writer_state::sync(const std::string& log) {
  auto& x = entry(log);
  if (x.resting)
    return io_counts{};
  // An earlier run may have left lines in the page cache alone, under whatever name.
  const auto left = x.lane != 0 && config_.spool->state(x.lane).released < x.written;
  auto there = exists(log);
  if (!there)
    return std::move(there.error());
  if (!x.file && (left || x.cut_open || *there))
    if (auto err = open(log, x))
      return err;
  if (!x.renamed.empty()) {
    sync_renamed(log, x);
    return caf::make_error(ec::disk_failed, "log " + log
                                              + " was renamed, and the old file is not "
                                                "synced yet");
  }
  if (!x.file)
    return io_counts{};
  io_counts io;
  if (x.is_suspect()) {
    if (auto err = mend(log, x, io)) {
      note_failure(err);
      return err;
    }
  }
  // Whose file is being synced cannot give its place away: of few places some must be
  // free.
  if (x.syncs_open == 0 && syncs_open_ >= config_.open_files_max / 2)
    return sync_here(x, io);
  if (!x.syncer)
    x.syncer = config_.make_syncer();
  ++x.syncs_open;
  ++syncs_open_;
  auto token = std::make_shared<sync_token>(x.file, claim_of_open(x));
  auto waiting = detail::owe<io_counts>(self_);
  self_->request(x.syncer, caf::infinite, atom::sync_v, file_handle{token})
    .then(
      [this, log, token, waiting, io](io_counts done) mutable {
        io += done;
        synced(log, *token, waiting, io);
      },
      [this, log, token, waiting](caf::error& err) mutable {
        sync_failed(log, *token, waiting, std::move(err));
      });
  return waiting;
}

/// Lines of the log in this file, up to `last`, of which those beyond `after` are not
/// known to be on disk.
sync_claim log_writer_state::claim_on(const log_file& x, const append_file& file,
                                      uint64_t after, uint64_t last) const {
  auto where = file.position();
  where.offset = file.synced_end();
  return claim_of(config_.spool, x.lane, {where, after + 1, last});
}

sync_claim log_writer_state::claim_of_open(const log_file& x) const {
  return x.lane == 0 ? sync_claim{} : claim_on(x, *x.file, unsynced_after(x), x.written);
}

caf::result<io_counts> log_writer_state::sync_here(log_file& x, io_counts io) {
  if (auto err = sync_file(x)) {
    note_failure(err);
    return err;
  }
  ++io.syncs;
  io_ += io;
  return io;
}

void log_writer_state::synced(const std::string& log, sync_token& token, promise& waiting,
                              io_counts io) {
  auto& x = logs_[log];
  --x.syncs_open;
  --syncs_open_;
  if (auto err = token.settle(caf::none)) {
    waiting.deliver(std::move(err));
    return;
  }
  if (x.file == token.file()) {
    x.rescued.clear();
    note_rest_of_doubt(x);
  }
  io_ += io;
  waiting.deliver(io);
}

/// What another sync was told of begins where this one ended.
void log_writer_state::note_rest_of_doubt(const log_file& x) const {
  auto left = x.lane != 0 ? config_.spool->state(x.lane).doubt : std::nullopt;
  if (!left || left->what.where.device != x.file->device()
      || left->what.where.inode != x.file->inode())
    return;
  left->what.where.offset = x.file->synced_end();
  config_.spool->doubt(x.lane, *left);
}

void log_writer_state::sync_failed(const std::string& log, sync_token& token,
                                   promise& waiting, caf::error reason) {
  note_failure(reason);
  auto& x = logs_[log];
  --x.syncs_open;
  --syncs_open_;
  if (is_no_answer(reason))
    x.syncer = file_syncer_actor{};
  token.settle(reason);
  waiting.deliver(std::move(reason));
}

/// Where nobody waits behind it, or must not go on before.
caf::error log_writer_state::sync_now(const std::string& log, log_file& x) {
  io_counts io;
  if (auto err = sync_renamed_now(x))
    return err;
  if (!x.file)
    return caf::none;
  if (x.is_suspect())
    if (auto err = mend(log, x, io))
      return err;
  return sync_file(x);
}

caf::error log_writer_state::sync_file(log_file& x) {
  if (auto err = sync_token{x.file, claim_of_open(x)}.run_here())
    return err;
  x.rescued.clear();
  return caf::none;
}

void log_writer_state::release(const log_file& x, uint64_t seq) {
  if (x.lane != 0)
    config_.spool->released(x.lane, seq);
}

// -- after a failed sync --------------------------------------------------------------

caf::error log_writer_state::mend(const std::string& log, log_file& x, io_counts& io) {
  if (x.cut_open)
    x.before_file = std::min(x.before_file, x.rescued_after);
  auto lines = unsynced_lines(x, io);
  if (!lines)
    return std::move(lines.error());
  auto ours =
    x.file->unsynced_is_ours() && x.file->end() - x.file->synced_end() <= lines->size();
  auto err = ours ? rewrite(x, *lines, io) : begin_anew(log, x, *lines, io);
  if (err)
    return err;
  x.cut_open = false;
  if (x.lane != 0) {
    // Those that the spool has come from there if this has to be done again.
    if (kept_lines(x, x.rescued_after, x.written))
      x.rescued.clear();
    config_.spool->written(x.lane, x.written);
  }
  return caf::none;
}

/// Before lines are cut off: whatever fails from here on, they are not lost.
void log_writer_state::rescue(log_file& x, const std::string& lines) const {
  x.rescued = lines;
  x.rescued_after = x.lane != 0 ? unsynced_after(x) : 0;
  x.cut_open = true;
}

/// Number of the last line of the open file, or before it, that is safe.
uint64_t log_writer_state::unsynced_after(const log_file& x) const {
  return std::max(x.before_file, config_.spool->state(x.lane).released);
}

/// The lines that were written since the last good sync.
caf::expected<std::string> log_writer_state::unsynced_lines(const log_file& x,
                                                            io_counts& io) const {
  if (x.cut_open)
    return x.rescued;
  if (x.lane != 0)
    if (auto lines = kept_lines(x, unsynced_after(x), x.written))
      return std::move(*lines);
  // Without a spool, or where its room was needed, the page cache is all there is.
  return cached_lines(x, io);
}

/// What was rescued is not believed to be in the page cache: it may have been lost since.
caf::expected<std::string> log_writer_state::cached_lines(const log_file& x,
                                                          io_counts& io) const {
  auto lines = x.file->read_unsynced(io);
  if (lines && lines->size() >= x.rescued.size())
    std::copy(x.rescued.begin(), x.rescued.end(), lines->begin());
  return lines;
}

/// The lines beyond `after` up to `last`, or none if the spool does not have all of them.
caf::optional<std::string> log_writer_state::kept_lines(const log_file& x, uint64_t after,
                                                        uint64_t last) const {
  std::string result;
  for (auto& record : config_.spool->read(x.lane, after)) {
    const auto record_last = record.last_seq;
    const auto first = record_last - record.count + 1;
    if (first > after + 1)
      return caf::none;
    if (first > last)
      break;
    result += lines_between(std::move(record), after, last);
    after = std::min(record_last, last);
  }
  if (after < last)
    return caf::none;
  return result;
}

/// Known before the bytes are cut: whoever starts after a death here writes them.
void log_writer_state::note_rewriting(const log_file& x) {
  if (x.lane == 0 || unsynced_after(x) >= x.written)
    return;
  auto where = x.file->position();
  where.offset = x.file->synced_end();
  config_.spool->begin_batch(x.lane, {where, unsynced_after(x) + 1, x.written});
}

caf::error log_writer_state::rewrite(log_file& x, const std::string& lines,
                                     io_counts& io) {
  note_rewriting(x);
  rescue(x, lines);
  return x.file->rewrite_unsynced(lines, io);
}

caf::error log_writer_state::begin_anew(const std::string& log, log_file& x,
                                        const std::string& lines, io_counts& io) {
  if (x.lane == 0)
    return caf::make_error(ec::disk_failed,
                           x.file->path()
                             + ": a sync failed, and what was written since the last "
                               "good one is not ours alone");
  const auto after = unsynced_after(x);
  auto where = x.file->set_aside();
  if (!where)
    return std::move(where.error());
  x.aside.note("a sync failed or was cut short, and somebody else had changed the file: "
               "it is kept as "
               + *where + ", and " + x.file->path() + " begun anew");
  rescue(x, lines);
  shut(x);
  if (auto err = open(log, x))
    return err;
  x.before_file = after;
  if (after < x.written)
    config_.spool->begin_batch(x.lane, {x.file->position(), after + 1, x.written});
  auto done = x.file->append(lines);
  io += done.io;
  return std::move(done.problem);
}

} // namespace sluice

// How a batch gets into its file once: what is written already is not written again,
// and what was begun is compared with the file before it goes on.

#include "actors/log/log_writer.hpp"

#include "messages/error.hpp"

#include <algorithm>

namespace sluice {

log_outcome log_writer_state::write(const log_batch& batch) {
  log_outcome outcome;
  outcome.written_bytes = batch.skip_bytes;
  if (auto problem = put(batch, outcome)) {
    note_failure(problem);
    outcome.code = code_of(problem);
    outcome.detail = text_of(problem);
  } else if (!batch.replayed.empty()) {
    config_.spool->end_replay(entry(batch.log).lane);
  }
  io_ += outcome.io;
  return outcome;
}

caf::error log_writer_state::put(const log_batch& batch, log_outcome& outcome) {
  auto& to = entry(batch.log);
  const auto size = batch.lines.data->size();
  // A buffer that was restarted does not know what its predecessor had sent.
  if (to.lane != 0 && batch.last_seq <= to.written) {
    outcome.written_bytes = size;
    return caf::none;
  }
  // A batch never spans two files: what is half in a renamed one is finished there.
  const auto midway = batch.skip_bytes > 0 && to.file;
  if (!midway)
    if (auto err = open(batch.log, to))
      return err;
  if (to.cut_open)
    if (auto err = mend(batch.log, to, outcome.io))
      return err;
  if (batch.begun) {
    if (auto err = resume(batch, to, outcome))
      return err;
  } else if (to.lane != 0 && batch.first_seq <= to.written)
    skip_written(batch, to, outcome);
  if (outcome.written_bytes < size)
    if (auto err = batch.replayed.empty() ? append_rest(batch, to, outcome)
                                          : replay(batch, to, outcome)) {
      note_whole_lines(batch, to, outcome.written_bytes);
      to.midway = outcome.written_bytes > 0;
      return err;
    }
  to.midway = false;
  outcome.end = to.file->position();
  to.written = batch.last_seq;
  if (to.lane != 0)
    config_.spool->written(to.lane, to.written);
  if (to.file->path() != path_of(batch.log))
    let_go(batch.log, to);
  return caf::none;
}

/// A buffer that was restarted sends what its predecessor's last batch has brought in.
void log_writer_state::skip_written(const log_batch& batch, const log_file& to,
                                    log_outcome& outcome) const {
  size_t at = 0;
  for (auto seq = batch.first_seq; seq <= to.written; ++seq)
    at = batch.lines.data->find('\n', at) + 1;
  outcome.written_bytes = std::max<uint64_t>(outcome.written_bytes, at);
}

/// Lines that a short write brought in are written, whatever becomes of the rest.
void log_writer_state::note_whole_lines(const log_batch& batch, log_file& to,
                                        uint64_t bytes) {
  if (to.lane == 0)
    return;
  auto there = std::string_view{*batch.lines.data}.substr(0, bytes);
  auto lines = static_cast<uint64_t>(std::count(there.begin(), there.end(), '\n'));
  if (lines == 0)
    return;
  to.written = std::max(to.written, batch.first_seq + lines - 1);
  begin(batch, bytes, to.file->position(), to);
}

/// Opens the file that a batch was begun in, if it has got another name since.
caf::error log_writer_state::reopen(const log_batch& batch, log_file& to) {
  const auto& begun = *batch.begun;
  const auto now = to.file->position();
  if (now.device == begun.device && now.inode == begun.inode)
    return caf::none;
  auto renamed = append_file::find(config_.directory, begun);
  if (!renamed)
    return std::move(renamed.error());
  if (*renamed) {
    let_go(batch.log, to);
    to.file = std::move(*renamed);
    open_.use(&to);
    to.before_file = to.written;
  }
  return caf::none;
}

/// Looks how much of the batch is in the file already.
caf::error log_writer_state::resume(const log_batch& batch, log_file& to,
                                    log_outcome& outcome) {
  if (auto err = reopen(batch, to))
    return err;
  const auto now = to.file->position();
  if (now.device != batch.begun->device || now.inode != batch.begun->inode)
    return caf::none; // that file is gone, and what was in it with it
  if (auto err = claim_all(to, batch.begun)) {
    // What is in doubt now is looked at before anything else is written.
    to.taken_over = false;
    shut(to);
    return err;
  }
  auto remains =
    to.file->find_remains(batch.begun->offset, *batch.lines.data, outcome.io);
  if (!remains)
    return std::move(remains.error());
  outcome.written_bytes = std::max(outcome.written_bytes, remains->bytes);
  if (remains->foreign)
    to.foreign.note(to.file->path()
                    + " was changed by somebody else while a batch was on its way: its "
                      "lines follow behind theirs");
  return caf::none;
}

caf::error log_writer_state::append_rest(const log_batch& batch, log_file& to,
                                         log_outcome& outcome) {
  return append_up_to(batch.lines.data->size(), batch, to, outcome);
}

caf::error log_writer_state::append_up_to(uint64_t end, const log_batch& batch,
                                          log_file& to, log_outcome& outcome) {
  auto where = to.file->make_ready(outcome.io);
  if (!where)
    return std::move(where.error());
  begin(batch, outcome.written_bytes, *where, to);
  auto rest =
    std::string_view{*batch.lines.data}.substr(0, end).substr(outcome.written_bytes);
  auto done = to.file->append(rest);
  outcome.written_bytes += done.bytes;
  outcome.io += done.io;
  outcome.end = to.file->position();
  return std::move(done.problem);
}

/// Tells the spool where the lines begin that are not whole in the file yet.
void log_writer_state::begin(const log_batch& batch, uint64_t done, file_position where,
                             const log_file& to) {
  if (to.lane == 0)
    return;
  auto text = std::string_view{*batch.lines.data}.substr(0, done);
  auto lines = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  auto half = text.size() - (text.rfind('\n') + 1);
  where.offset -= std::min<uint64_t>(half, where.offset);
  if (lines > 0)
    config_.spool->written(to.lane, batch.first_seq + lines - 1);
  config_.spool->begin_batch(to.lane, {where, batch.first_seq + lines, batch.last_seq});
}

} // namespace sluice

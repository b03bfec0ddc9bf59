// How lines that an earlier process left in the spool get into their file. The spool
// notes with whose lines a start may die: all at once first, and after a start that did,
// each record by itself. What two starts died with is set aside by the third.

#include "actors/log/log_writer.hpp"

#include "actors/storage/set_aside.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

caf::error log_writer_state::replay(const log_batch& batch, log_file& to,
                                    log_outcome& outcome) {
  const auto deaths = config_.spool->begin_replay_from(to.lane, batch.replayed.front());
  auto err =
    deaths == 0 ? append_rest(batch, to, outcome) : replay_each(batch, to, outcome);
  if (err)
    config_.spool->pause_replay(to.lane);
  return err;
}

caf::error log_writer_state::replay_each(const log_batch& batch, log_file& to,
                                         log_outcome& outcome) {
  const auto text = std::string_view{*batch.lines.data};
  auto before = batch.first_seq - 1;
  auto end = size_t{0};
  for (const auto last : batch.replayed) {
    if (last <= before)
      continue;
    const auto start = end;
    const auto count = last - before;
    for (; before < last; ++before)
      end = text.find('\n', end) + 1;
    if (end <= outcome.written_bytes)
      continue;
    const auto deaths = config_.spool->begin_replay(to.lane, last);
    auto err = deaths < replay_deaths_max
                 ? append_up_to(end, batch, to, outcome)
                 : set_aside(batch, start, {last, count, {}}, to, outcome);
    if (err)
      return err;
  }
  return end < text.size() ? append_rest(batch, to, outcome) : caf::none;
}

/// Keeps the record that begins at `start`, or what of it is not in the file yet, for a
/// person to look at. What precedes it is synced first, so that the spool lets go of all
/// up to here, and nothing that is written again after a failed sync brings it back.
caf::error log_writer_state::set_aside(const log_batch& batch, size_t start,
                                       spool_record record, log_file& to,
                                       log_outcome& outcome) {
  const auto text = std::string_view{*batch.lines.data};
  const auto there = text.substr(0, outcome.written_bytes);
  const auto whole = std::max(start, there.rfind('\n') + 1);
  const auto lines = text.substr(start, whole - start);
  record.count -= static_cast<uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  to.written = std::max(to.written, record.last_seq - record.count);
  config_.spool->written(to.lane, to.written);
  if (auto err = sync_now(batch.log, to))
    return err;
  auto end = whole;
  for (uint64_t i = 0; i < record.count; ++i)
    end = text.find('\n', end) + 1;
  record.data = text.substr(whole, end - whole);
  const auto reason = std::string{"the service died again and again while writing it"};
  if (auto err = sluice::set_aside(config_.directory, "log", batch.log, record, reason,
                                   config_.rights))
    return err;
  if (whole < there.size())
    to.file->end_half_line();
  to.written = record.last_seq;
  config_.spool->written(to.lane, to.written);
  release(to, to.written);
  outcome.written_bytes = end;
  outcome.end = to.file->position();
  ++records_set_aside_;
  to.record_aside.note("log " + batch.log + ": " + std::to_string(record.count)
                       + " lines up to number " + std::to_string(record.last_seq)
                       + " went to " + config_.directory + "/" + set_aside_name + ": "
                       + reason);
  return caf::none;
}

} // namespace sluice

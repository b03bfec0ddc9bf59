// The log's lines in the spool: there before they are acknowledged, and taken up again
// by whoever comes after a buffer, a writer, or a process that died.

#include "actors/log/log_buffer.hpp"
#include "actors/log/spooled_lines.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

/// Brings the chunk to the level that can be had, or refuses it and leaves no trace.
caf::expected<durability> log_buffer_state::keep(log_chunk& chunk,
                                                 caf::actor_clock::time_point now) {
  // A batch is in the spool or not: of one that was half in it a start would not know
  // where in the file its lines begin.
  auto level = waiting_.in_memory
                 ? coalesce::lane::decline(chunk.at_least)
                 : lane_.take(progress_.accepted() + chunk.count, chunk.count,
                              chunk.lines, chunk.at_least, now);
  if (!level)
    return level;
  if (*level == durability::memory)
    waiting_.in_memory = static_cast<bool>(lane_);
  else
    chunk.charge = {};
  return level;
}

/// What lines get that are taken in now.
durability log_buffer_state::level_now() const {
  return waiting_.in_memory ? durability::memory : lane_.level();
}

/// Takes up what the spool holds of this log.
void log_buffer_state::restore() {
  const auto counted = config_.past.stats.accepted;
  auto state = lane_.state();
  if (state.released == state.appended) {
    // The spool forgets the numbers of a lane that holds nothing.
    lane_.released(counted);
    state = lane_.state();
  } else {
    lost_up_to_ = lost_after_; // they are here
  }
  accepted_before_ = counted - std::min(counted, state.appended);
  progress_.resume(state.appended, state.written, state.released);
  flight_.resume(state.written, state.appended);
  waiting_lines begun;
  auto records = lane_.read(state.written);
  auto bytes = size_t{0};
  for (const auto& record : records)
    bytes += record.data.size();
  waiting_.text.reserve(bytes);
  for (auto& record : records) {
    const auto last = record.last_seq;
    const auto count = std::min(record.count, last - state.written);
    log_chunk chunk{lines_between(std::move(record), state.written, last), count, {}};
    auto& to = state.note && last <= state.note->last_seq ? begun : waiting_;
    to.add(chunk, self_->clock().now());
    to.replayed.push_back(last);
    if (!config_.counted)
      delta_.log_lines_accepted += count;
  }
  if (begun.count > 0) {
    in_flight_.emplace(std::move(begun), state.note->last_seq);
    in_flight_->begun = state.note->where;
  }
  // Nobody knows how long these have waited.
  flight_.want(state.appended);
  write_if_due();
}

/// The writer is a new one, and the one before is dead: what it was given is compared
/// with the file.
void log_buffer_state::attach(log_writer_actor writer) {
  writer_ = std::move(writer);
  if (syncing_)
    on_sync_failed(caf::make_error(ec::unavailable, "the log writer was restarted"));
  if (!in_flight_)
    return;
  if (!lane_) {
    in_flight_->drop_front(0);
    in_flight_->begun = end_;
  } else if (const auto note = lane_.state().note;
             note && note->first_seq >= in_flight_->first_seq()
             && note->last_seq >= in_flight_->last_seq) {
    in_flight_->drop_front(note->first_seq - in_flight_->first_seq());
    in_flight_->begun = note->where;
  }
  flight_.lost();
  write_if_due();
}

/// Whether lines may wait for the window's end, however many they are.
bool log_buffer_state::can_wait() const {
  return config_.adaptive && !waiting_.in_memory && lane_.is_available()
         && lane_.has_room();
}

} // namespace sluice

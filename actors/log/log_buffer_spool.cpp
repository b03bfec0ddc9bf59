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
  if (config_.spool && !waiting_.in_memory) {
    auto err = config_.spool->append(lane_, accepted_ + chunk.count, chunk.count,
                                     chunk.lines, now);
    if (!err) {
      chunk.charge = {};
      return durability::ram;
    }
    look_after_spool();
    if (code_of(err) != ec::unavailable)
      return err;
  }
  if (chunk.at_least >= durability::ram)
    return caf::make_error(ec::unavailable,
                           std::string{"there is no spool in RAM, or no place in it for "
                                       "this log: ask for memory, disk, or no level"});
  waiting_.in_memory = config_.spool != nullptr;
  return durability::memory;
}

/// What lines get that are taken in now.
durability log_buffer_state::level_now() const {
  const auto in_ram =
    config_.spool && !waiting_.in_memory && config_.spool->check_place();
  return in_ram ? durability::ram : durability::memory;
}

/// Takes up what the spool holds of this log.
void log_buffer_state::restore() {
  lane_ = config_.spool->lane(lane_kind::log, config_.log);
  const auto counted = config_.past.stats.accepted;
  auto state = config_.spool->state(lane_);
  if (state.released == state.appended) {
    // The spool forgets the numbers of a lane that holds nothing.
    config_.spool->released(lane_, counted);
    state = config_.spool->state(lane_);
  } else {
    lost_up_to_ = lost_after_; // they are here
  }
  accepted_ = state.appended;
  accepted_before_ = counted - std::min(counted, accepted_);
  written_ = state.written;
  synced_ = state.released;
  waiting_lines begun;
  auto records = config_.spool->read(lane_, written_);
  auto bytes = size_t{0};
  for (const auto& record : records)
    bytes += record.data.size();
  waiting_.text.reserve(bytes);
  for (auto& record : records) {
    const auto last = record.last_seq;
    const auto count = std::min(record.count, last - written_);
    log_chunk chunk{lines_between(std::move(record), written_, last), count, {}};
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
  overdue_ = waiting_.count > 0;
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
  if (!config_.spool) {
    in_flight_->drop_front(0);
    in_flight_->begun = end_;
  } else if (const auto note = config_.spool->state(lane_).note;
             note && note->first_seq >= in_flight_->first_seq()
             && note->last_seq >= in_flight_->last_seq) {
    in_flight_->drop_front(note->first_seq - in_flight_->first_seq());
    in_flight_->begun = note->where;
  }
  in_flight_->sent = false;
  retry_.close();
  write_if_due();
}

/// Whether lines may wait for the window's end, however many they are.
bool log_buffer_state::can_wait() const {
  return config_.adaptive && config_.spool && !waiting_.in_memory
         && config_.spool->available() && config_.spool->has_room();
}

/// Before each flush, and when it refuses: somebody may have deleted the spool's files,
/// or filled the file system around them.
void log_buffer_state::look_after_spool() {
  if (config_.spool && config_.spool->needs_care() && config_.keeper)
    self_->send(config_.keeper, atom::check_v);
}

} // namespace sluice

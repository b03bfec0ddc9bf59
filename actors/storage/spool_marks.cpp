// What is said about lanes: how far each is written and released, and which batch is
// on its way. A statement is a record like any other, and room for it is kept back.
#include "actors/storage/spool_journal.hpp"

#include <algorithm>
#include <cstring>

namespace sluice {

using namespace spool_format;

namespace {

lane_statement statement_of(const lane_state& state, uint64_t version) {
  lane_statement result;
  result.version = version;
  result.appended = state.appended;
  result.written = state.written;
  result.released = state.released;
  if (state.doubted)
    result.flags |= is_doubted;
  if (state.note) {
    result.flags |= has_note;
    result.device = state.note->where.device;
    result.inode = state.note->where.inode;
    result.offset = state.note->where.offset;
    result.first_seq = state.note->first_seq;
    result.last_seq = state.note->last_seq;
  }
  return result;
}

} // namespace

void spool_journal::begin_batch(lane_id lane, const batch_note& note) {
  auto* entry = find(lane);
  if (entry == nullptr)
    return;
  entry->state.note = note;
  if (note.first_seq <= entry->state.written)
    take_back(*entry, note.first_seq - 1);
  mark(*entry);
}

/// What was written is about to be written again: until then it is not.
void spool_journal::take_back(lane_entry& entry, uint64_t written) {
  entry.state.written = std::max(written, entry.state.released);
  for (auto& next = entry.written_extents; next > 0; --next) {
    auto& each = entry.extents[next - 1];
    if (each.last_seq <= entry.state.written)
      return;
    each.where->kept -= each.bytes;
    each.where->unwritten += each.bytes;
    kept_ -= each.bytes;
    unwritten_ += each.bytes;
  }
}

void spool_journal::written(lane_id lane, uint64_t seq) {
  auto* entry = find(lane);
  if (entry == nullptr || seq <= entry->state.written)
    return;
  auto& state = entry->state;
  state.written = seq;
  state.appended = std::max(state.appended, seq);
  if (state.note && state.note->last_seq <= seq)
    state.note.reset();
  mark(*entry);
  mark_extents_written(*entry);
}

void spool_journal::released(lane_id lane, uint64_t seq) {
  auto* entry = find(lane);
  if (entry == nullptr || seq <= entry->state.released)
    return;
  auto& state = entry->state;
  state.released = seq;
  state.written = std::max(state.written, seq);
  state.appended = std::max(state.appended, seq);
  if (state.note && state.note->last_seq <= seq)
    state.note.reset();
  mark(*entry);
  mark_extents_written(*entry);
  let_go(*entry);
}

void spool_journal::doubt(lane_id lane, bool doubted) {
  auto* entry = find(lane);
  if (entry == nullptr || entry->state.doubted == doubted)
    return;
  entry->state.doubted = doubted;
  mark(*entry);
}

void spool_journal::mark_extents_written(lane_entry& entry) {
  for (auto& next = entry.written_extents; next < entry.extents.size(); ++next) {
    auto& each = entry.extents[next];
    if (each.last_seq > entry.state.written)
      return;
    each.where->unwritten -= each.bytes;
    each.where->kept += each.bytes;
    unwritten_ -= each.bytes;
    refusing_ = false;
    kept_ += each.bytes;
  }
}

void spool_journal::let_go(lane_entry& entry) {
  auto some_died = false;
  while (!entry.extents.empty()
         && entry.extents.front().last_seq <= entry.state.released) {
    auto& each = entry.extents.front();
    each.where->kept -= each.bytes;
    kept_ -= each.bytes;
    some_died = some_died || !each.where->is_live();
    entry.extents.pop_front();
    --entry.written_extents;
  }
  if (some_died)
    free_dead();
}

// -- statements --------------------------------------------------------------------

void spool_journal::mark(lane_entry& entry) {
  ++entry.version;
  // A lane without records has nothing to lose but its numbers; were there no bound for
  // the statements of all lanes, one segment could not hold them.
  auto whole = lane_bytes(entry.state.name.size());
  if (entry.stated_in == 0
      && (statement_sum_ + whole > segment_bytes_ / 2
          || entry.state.name.size() > lane_name_max))
    return;
  auto named = entry.named_in == tail_->number();
  if (ensure_tail(named ? mark_bytes : whole)) {
    broken_ = true;
    return;
  }
  if (entry.named_in != tail_->number()) {
    state_in(entry, *tail_);
    return;
  }
  auto said = statement_of(entry.state, entry.version);
  record_header what;
  what.lane = entry.id;
  what.kind = record_kind::mark;
  tail_->append(what, {reinterpret_cast<const char*>(&said), sizeof said});
  entry.stated_in = tail_->number();
}

void spool_journal::state_in(lane_entry& entry, spool_segment& where) {
  auto said = statement_of(entry.state, entry.version);
  std::string data(sizeof said, '\0');
  std::memcpy(data.data(), &said, sizeof said);
  data += static_cast<char>(entry.state.kind);
  data += entry.state.name;
  record_header what;
  what.lane = entry.id;
  what.kind = record_kind::lane;
  where.append(what, data);
  if (entry.stated_in == 0)
    statement_sum_ += record_bytes(data.size());
  entry.stated_in = where.number();
  if (&where == tail_)
    entry.named_in = where.number();
}

} // namespace sluice

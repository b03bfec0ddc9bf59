// What is said about lanes: how far each is written and released, and which batch is
// on its way. A statement is a record like any other, and room for it is kept back.
#include "actors/storage/spool_journal.hpp"

#include <algorithm>
#include <string>

namespace sluice {

using namespace spool_format;

namespace {

template <class Struct>
std::string bytes_of(const Struct& x) {
  return {reinterpret_cast<const char*>(&x), sizeof x};
}

/// The statement as bytes, with the doubt behind it if there is one.
std::string statement_of(const lane_state& state, uint64_t version) {
  lane_statement result;
  result.version = version;
  result.appended = state.appended;
  result.written = state.written;
  result.released = state.released;
  if (state.note) {
    result.parts |= part_note;
    result.device = state.note->where.device;
    result.inode = state.note->where.inode;
    result.offset = state.note->where.offset;
    result.first_seq = state.note->first_seq;
    result.last_seq = state.note->last_seq;
  }
  if (!state.doubt)
    return bytes_of(result);
  result.parts |= part_doubt;
  const auto& what = state.doubt->what;
  return bytes_of(result)
         + bytes_of(doubt_statement{state.doubt->failed, what.where.device,
                                    what.where.inode, what.where.offset, what.first_seq,
                                    what.last_seq});
}

} // namespace

uint64_t spool_journal::lane_entry::free_up_to() const {
  if (!state.doubt)
    return state.written;
  return std::min(state.written, state.doubt->what.first_seq - 1);
}

void spool_journal::begin_batch(lane_id lane, const batch_note& note) {
  auto* entry = find(lane);
  if (entry == nullptr)
    return;
  auto& state = entry->state;
  state.note = note;
  if (note.first_seq <= state.written) {
    // What was written is about to be written again: until then it is not.
    state.written = std::max(note.first_seq - 1, state.released);
    take_back(*entry);
  }
  const auto elsewhere = [&note](const file_position& x) {
    return x.device != note.where.device || x.inode != note.where.inode;
  };
  if (state.doubt && note.first_seq <= state.doubt->what.first_seq
      && elsewhere(state.doubt->what.where))
    state.doubt.reset();
  mark(*entry);
}

void spool_journal::doubt(lane_id lane, const sync_doubt& what) {
  auto* entry = find(lane);
  if (entry == nullptr || what.what.last_seq <= entry->state.released)
    return;
  auto& known = entry->state.doubt;
  // The same items again, before anything of the first time was released.
  const auto failed = what.failed || (known && known->failed);
  known = what;
  known->failed = failed;
  take_back(*entry);
  mark(*entry);
  mark_extents_written(*entry);
}

/// Holds again what was free to be given up.
void spool_journal::take_back(lane_entry& entry) {
  for (auto& next = entry.written_extents; next > 0; --next) {
    auto& each = entry.extents[next - 1];
    if (each.last_seq <= entry.free_up_to())
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
  if (state.doubt && state.doubt->what.last_seq <= seq)
    state.doubt.reset();
  else if (state.doubt)
    state.doubt->what.first_seq = std::max(state.doubt->what.first_seq, seq + 1);
  mark(*entry);
  mark_extents_written(*entry);
  let_go(*entry);
}

void spool_journal::mark_extents_written(lane_entry& entry) {
  for (auto& next = entry.written_extents; next < entry.extents.size(); ++next) {
    auto& each = entry.extents[next];
    if (each.last_seq > entry.free_up_to())
      return;
    each.where->unwritten -= each.bytes;
    each.where->kept += each.bytes;
    unwritten_ -= each.bytes;
    room_was_won();
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
  if (!has_place(entry) || entry.state.name.size() > lane_name_max)
    return;
  auto named = entry.named_in == tail_->number();
  // A new tail does not name it.
  if (tail_->room() < (named ? mark_bytes : whole) && ensure_tail(whole)) {
    broken_ = true;
    return;
  }
  if (entry.named_in != tail_->number()) {
    state_in(entry, *tail_);
    return;
  }
  record_header what;
  what.lane = entry.id;
  what.kind = record_kind::mark;
  tail_->append(what, statement_of(entry.state, entry.version));
  entry.stated_in = tail_->number();
}

void spool_journal::state_in(lane_entry& entry, spool_segment& where) {
  auto data = statement_of(entry.state, entry.version);
  data += static_cast<char>(entry.state.kind);
  data += entry.state.name;
  record_header what;
  what.lane = entry.id;
  what.kind = record_kind::lane;
  where.append(what, data);
  if (entry.stated_in == 0)
    statement_sum_ += lane_bytes(entry.state.name.size());
  entry.stated_in = where.number();
  entry.last_in = std::max(entry.last_in, where.number());
  if (&where == tail_)
    entry.named_in = where.number();
}

} // namespace sluice

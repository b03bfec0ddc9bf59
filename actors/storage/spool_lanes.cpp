// Which lanes have a place. One segment must be able to hold a statement of each lane, so
// there are not more of them than that; a lane for which there is no place takes no
// items. When places are short, a lane that holds nothing gives its own away: with the
// oldest segment goes what was said about it, if nothing newer is there. Its numbers must
// not be given again, since others have stored them: new lanes begin beyond the floor.
#include "actors/storage/spool_journal.hpp"

#include <algorithm>

namespace sluice {

using namespace spool_format;

namespace {

/// For the two lanes that always get a place: the queue's, and the floor's.
constexpr size_t kept_bytes = 512;

bool is_kept(const lane_state& x) {
  return x.kind == lane_kind::queue || x.kind == lane_kind::number_floor;
}

} // namespace

bool spool_journal::has_place(const lane_entry& entry) const {
  return entry.stated_in != 0 || is_kept(entry.state)
         || statement_sum_ + lane_bytes(entry.state.name.size()) + kept_bytes
              <= segment_bytes_ / 2;
}

uint64_t spool_journal::number_floor() const {
  auto place = names_.find({lane_kind::number_floor, ""});
  const auto* entry = place == names_.end() ? nullptr : find(place->second);
  return entry == nullptr ? 0 : entry->state.appended;
}

/// What has to be said again before the segment goes.
size_t spool_journal::restated_bytes(const spool_segment& segment) const {
  size_t result = 0;
  for (const auto& entry : lanes_)
    if (entry && entry->stated_in == segment.number())
      result += lane_bytes(entry->state.name.size());
  return result;
}

/// Whether the lane holds nothing, and all that is known of it is in this segment.
bool spool_journal::is_idle(const lane_entry* entry, uint64_t segment) const {
  return entry != nullptr && entry->stated_in == segment && entry->last_in <= segment
         && entry->extents.empty() && !is_kept(entry->state) && !entry->state.note
         && entry->state.released == entry->state.appended;
}

/// Wins places, if all that there is now is a tail with lanes that hold nothing: without
/// traffic by others nobody else would ever begin the next one.
void spool_journal::win_places() {
  const auto number = tail_->number();
  if (segments_.begin()->first == number && !tail_->is_live()
      && std::any_of(lanes_.begin(), lanes_.end(),
                     [&](const auto& entry) { return is_idle(entry.get(), number); }))
    roll();
}

/// Takes their places from the lanes that hold nothing, here or anywhere, if the segment
/// is the oldest and places are short. False: the floor could not be raised.
bool spool_journal::forget_idle(const spool_segment& segment) {
  const auto number = segment.number();
  if (segments_.begin()->first != number || statement_sum_ <= segment_bytes_ / 4)
    return true;
  uint64_t floor = 0;
  for (const auto& entry : lanes_)
    if (is_idle(entry.get(), number))
      floor = std::max(floor, entry->state.appended);
  if (!raise_floor(floor))
    return false;
  // A new tail may have freed it.
  if (!segments_.contains(number))
    return true;
  for (auto& entry : lanes_)
    if (is_idle(entry.get(), number)) {
      entry->stated_in = entry->named_in = 0;
      statement_sum_ -= lane_bytes(entry->state.name.size());
      lanes_short_ = false;
      drop_unused(entry->id);
    }
  return true;
}

void spool_journal::forget(lane_id lane) {
  if (auto* entry = find(lane)) {
    entry->unused = true;
    drop_unused(lane);
  }
}

/// Names come and go: of one that has no place, holds nothing and is not used, only the
/// floor remembers how far it came.
void spool_journal::drop_unused(lane_id lane) {
  const auto* entry = find(lane);
  if (!entry->unused || entry->stated_in != 0 || !entry->extents.empty()
      || entry->state.released != entry->state.appended
      || !raise_floor(entry->state.appended))
    return;
  names_.erase({entry->state.kind, entry->state.name});
  lanes_[lane - 1].reset();
}

bool spool_journal::raise_floor(uint64_t seq) {
  if (seq <= number_floor())
    return true;
  auto& entry = *find(lane(lane_kind::number_floor, ""));
  auto& state = entry.state;
  state.appended = state.written = state.released = seq;
  mark(entry);
  return !broken_;
}

} // namespace sluice

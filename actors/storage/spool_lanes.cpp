// Which lanes have a place. One segment must be able to hold a statement of each lane, so
// there are not more of them than that; a lane for which there is no place takes no
// items. When places are short, a lane that holds nothing gives its own away: with the
// oldest segment goes what was said about it, if nothing newer is there. What pins that
// segment has to be brought to disk then, so it is told before all places are taken. A
// lane's numbers must not be given again, since others have stored them: new lanes begin
// beyond the floor.
#include "actors/storage/spool_journal.hpp"

#include <algorithm>

namespace sluice {

using namespace spool_format;

namespace {

/// For the two lanes that always get a place: the queue's, and the floor's.
constexpr size_t kept_bytes = 512;

/// Of all places, so many may be taken before somebody has to see to it.
constexpr size_t short_share = 8;

bool is_kept(const lane_state& x) {
  return x.kind == lane_kind::queue || x.kind == lane_kind::number_floor;
}

} // namespace

bool spool_journal::has_place(const lane_entry& entry) const {
  return entry.stated_in != 0 || is_kept(entry.state)
         || statement_sum_ + lane_bytes(entry.state.name.size()) + kept_bytes
              <= segment_bytes_ / 2;
}

bool spool_journal::is_short_of_lanes() {
  const auto most = segment_bytes_ / 2 / short_share * (short_share - 1);
  const auto is_short = [&] { return lanes_short_ || statement_sum_ > most; };
  if (!available() || !is_short())
    return false;
  win_places();
  return is_short();
}

uint64_t spool_journal::number_floor() const {
  auto place = names_.find({lane_kind::number_floor, ""});
  const auto* entry = place == names_.end() ? nullptr : find(place->second);
  return entry == nullptr ? 0 : entry->state.appended;
}

/// What has to be said again before the segment goes.
size_t spool_journal::restated_bytes(const spool_segment& segment) const {
  size_t result = 0;
  for (const auto& [lane, entry] : lanes_)
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

/// Begins the next tail, if all that there is now is one with lanes that hold nothing:
/// without traffic by others nobody else would. They give their places away at once, or
/// when what others hold in it is safe on disk.
void spool_journal::win_places() {
  const auto number = tail_->number();
  const auto fits = !tail_->is_live() || segment_sum_ + 2 * segment_bytes_ <= max_bytes_;
  if (segments_.begin()->first == number && fits
      && std::any_of(lanes_.begin(), lanes_.end(),
                     [&](const auto& x) { return is_idle(x.second.get(), number); }))
    roll();
}

/// Takes their places from the lanes that hold nothing, here or anywhere, if the segment
/// is the oldest and places are short. False: the floor could not be raised.
bool spool_journal::forget_idle(const spool_segment& segment) {
  const auto number = segment.number();
  if (segments_.begin()->first != number || statement_sum_ <= segment_bytes_ / 4)
    return true;
  uint64_t floor = 0;
  for (const auto& [lane, entry] : lanes_)
    if (is_idle(entry.get(), number))
      floor = std::max(floor, entry->state.appended);
  if (!raise_floor(floor))
    return false;
  // A new tail may have freed it.
  if (!segments_.contains(number))
    return true;
  for (auto& [lane, entry] : lanes_)
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
  lanes_[place_of(lane)].second.reset();
  ++lanes_dropped_;
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

#include "actors/storage/spool_journal.hpp"

#include "actors/storage/spool_scan.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <cstring>

namespace sluice {

using namespace spool_format;

namespace {

/// An extent grows to this, so that small records do not need one each.
constexpr uint64_t extent_bytes_max = 4096;

} // namespace

// -- lanes -------------------------------------------------------------------------

/// Where it is among all, or where the end is.
size_t spool_journal::place_of(lane_id lane) const {
  // As long as none was dropped.
  if (lane > 0 && lane <= lanes_.size() && lanes_[lane - 1].first == lane)
    return lane - 1;
  const auto found =
    std::lower_bound(lanes_.begin(), lanes_.end(), lane,
                     [](const auto& x, lane_id y) { return x.first < y; });
  return found != lanes_.end() && found->first == lane
           ? static_cast<size_t>(found - lanes_.begin())
           : lanes_.size();
}

spool_journal::lane_entry* spool_journal::find(lane_id lane) {
  const auto place = place_of(lane);
  return place == lanes_.size() ? nullptr : lanes_[place].second.get();
}

const spool_journal::lane_entry* spool_journal::find(lane_id lane) const {
  const auto place = place_of(lane);
  return place == lanes_.size() ? nullptr : lanes_[place].second.get();
}

/// Its number is higher than all before.
spool_journal::lane_entry& spool_journal::add_lane(lane_id lane) {
  last_lane_ = std::max(last_lane_, lane);
  auto& entry = lanes_.emplace_back(lane, std::make_unique<lane_entry>()).second;
  entry->id = lane;
  return *entry;
}

lane_id spool_journal::lane(lane_kind kind, const std::string& name) {
  auto& id = names_[{kind, name}];
  if (id == 0) {
    // The floor is raised while others are gone through.
    if (kind != lane_kind::number_floor && lanes_dropped_ > lanes_.size() / 2) {
      std::erase_if(lanes_, [](const auto& x) { return !x.second; });
      lanes_dropped_ = 0;
    }
    auto& state = add_lane(id = last_lane_ + 1).state;
    state.kind = kind;
    state.name = name;
    state.appended = state.written = state.released = number_floor();
  }
  find(id)->unused = false;
  return id;
}

lane_id spool_journal::find_lane(lane_kind kind, const std::string& name) const {
  const auto place = names_.find({kind, name});
  return place == names_.end() ? 0 : place->second;
}

std::vector<lane_id> spool_journal::lanes() const {
  std::vector<lane_id> result;
  for (const auto& [number, entry] : lanes_)
    if (entry && entry->state.kind != lane_kind::number_floor)
      result.push_back(entry->id);
  return result;
}

lane_state spool_journal::state(lane_id lane) const {
  const auto* entry = find(lane);
  return entry == nullptr ? lane_state{} : entry->state;
}

std::vector<spool_record> spool_journal::read(lane_id lane, uint64_t after) const {
  std::vector<spool_record> result;
  const auto* entry = find(lane);
  if (entry == nullptr)
    return result;
  after = std::max(after, entry->state.released);
  std::vector<const spool_segment*> places;
  for (const auto& each : entry->extents)
    if (each.last_seq > after)
      places.push_back(each.where);
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  for (const auto* place : places)
    each_record(place->content(), [&](const record_header& what, std::string_view data) {
      if (what.lane == lane && what.kind == record_kind::data && what.last_seq > after)
        result.push_back({what.last_seq, what.count, std::string{data}});
    });
  // A record that was moved when the process died may be there twice.
  std::stable_sort(result.begin(), result.end(),
                   [](const auto& a, const auto& b) { return a.last_seq < b.last_seq; });
  auto twice =
    std::unique(result.begin(), result.end(),
                [](const auto& a, const auto& b) { return a.last_seq == b.last_seq; });
  result.erase(twice, result.end());
  return result;
}

// -- items -------------------------------------------------------------------------

caf::error spool_journal::check_append(const lane_entry* entry, uint64_t last_seq,
                                       size_t bytes) const {
  if (!available())
    return caf::make_error(ec::unavailable, "the spool's files are gone");
  if (entry == nullptr || last_seq <= entry->state.appended
      || entry->state.name.size() > lane_name_max)
    return caf::make_error(ec::invalid_argument,
                           "no such lane, or a number that it has already");
  if (bytes > max_bytes_ / 2 || bytes > UINT32_MAX / 2)
    return caf::make_error(ec::too_large, "the request is larger than half of the spool");
  return caf::none;
}

caf::error spool_journal::append(lane_id lane, uint64_t last_seq, uint64_t count,
                                 std::string_view data) {
  auto* entry = find(lane);
  if (auto err = check_append(entry, last_seq, data.size()))
    return err;
  auto bytes = record_bytes(data.size());
  auto* place = tail_;
  auto fits = entry->named_in == tail_->number() && tail_->room() >= bytes && has_spare()
              && data_fits(0);
  if (!fits) {
    auto found = place_for(*entry, bytes);
    if (!found) {
      note_refusal(code_of(found.error()));
      return std::move(found.error());
    }
    place = *found;
  }
  record_header what;
  what.lane = lane;
  what.kind = record_kind::data;
  what.last_seq = last_seq;
  what.count = count;
  room_was_won();
  place->append(what, data);
  entry->state.appended = last_seq;
  note_data(*entry, *place, last_seq, bytes);
  return caf::none;
}

void spool_journal::note_refusal(ec code) {
  if (code == ec::unavailable) {
    ++lane_refusals_;
    lanes_short_ = true;
  } else {
    ++refusals_;
    refusing_ = true;
  }
}

void spool_journal::room_was_won() {
  refusing_ = false;
  crowded_out_.clear();
}

void spool_journal::note_data(lane_entry& entry, spool_segment& where, uint64_t last_seq,
                              uint64_t bytes) {
  auto& extents = entry.extents;
  if (extents.size() > entry.written_extents && extents.back().where == &where
      && extents.back().bytes + bytes <= extent_bytes_max) {
    extents.back().last_seq = last_seq;
    extents.back().bytes += bytes;
  } else {
    extents.push_back({&where, last_seq, bytes});
  }
  where.unwritten += bytes;
  unwritten_ += bytes;
}

// -- starts ------------------------------------------------------------------------

uint64_t spool_journal::begin_replay(lane_id lane, uint64_t last_seq) {
  note_replayed(lane, {last_seq, false});
  const auto slot = header_.replay();
  return slot.suspects(lane, last_seq) ? slot.suspect_deaths : 0;
}

uint64_t spool_journal::begin_replay_from(lane_id lane, uint64_t last_seq) {
  note_replayed(lane, {last_seq, true});
  const auto slot = header_.replay();
  const auto among = slot.suspect_seq >= last_seq || slot.suspect_and_later;
  return slot.suspect_lane == lane && among ? slot.suspect_deaths : 0;
}

void spool_journal::note_replayed(lane_id lane, replayed what) {
  if (lane != 0)
    replaying_[lane] = what;
  auto slot = header_.replay();
  slot.current_lane = lane;
  slot.current_seq = what.seq;
  slot.current_and_later = what.and_later;
  header_.set_replay(slot);
}

void spool_journal::pause_replay(lane_id lane) {
  if (replaying_.erase(lane) == 0)
    return;
  // Others may replay still.
  if (const auto other = replaying_.begin(); other != replaying_.end())
    note_replayed(other->first, other->second);
  else
    note_replayed(0, {});
}

void spool_journal::end_replay(lane_id lane) {
  pause_replay(lane);
  auto slot = header_.replay();
  // What is known of others is not this lane's to forget.
  if (slot.suspect_lane != lane)
    return;
  slot.suspect_lane = 0;
  slot.suspect_seq = 0;
  slot.suspect_and_later = false;
  slot.suspect_deaths = 0;
  header_.set_replay(slot);
}

// -- what there is -----------------------------------------------------------------

spool_fill spool_journal::fill() const {
  spool_fill result;
  result.max_bytes = max_bytes_;
  result.allocated_bytes = segment_sum_ + (spare_ ? spare_->size() : 0);
  result.unwritten_bytes = unwritten_;
  result.kept_bytes = kept_;
  result.segments = segments_.size() + (spare_ ? 1 : 0);
  result.refusals = refusals_;
  result.refusing = refusing_;
  result.crowded_out = crowded_out_;
  result.lanes =
    static_cast<size_t>(std::count_if(lanes_.begin(), lanes_.end(), [](const auto& each) {
      const auto& entry = each.second;
      return entry && entry->stated_in != 0
             && entry->state.kind != lane_kind::number_floor;
    }));
  result.lanes_short = lanes_short_;
  result.lane_refusals = lane_refusals_;
  result.moved_bytes = moved_bytes_;
  return result;
}

bool spool_journal::pages_locked() const {
  return header_.locked() && (!spare_ || spare_->locked())
         && std::all_of(segments_.begin(), segments_.end(),
                        [](const auto& each) { return each.second->locked(); });
}

} // namespace sluice

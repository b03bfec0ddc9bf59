// The spool's room. All segments together stay within the bound. The last three
// segments' worth of it is not for items: marks must never find the spool full, nor may
// moving a slow lane's records out of the way. Items are taken only while half of the
// tail, or a spare segment, has its pages already: a tmpfs that others filled cannot stop
// a mark either.
#include "actors/storage/spool_journal.hpp"
#include "actors/storage/spool_scan.hpp"
#include "messages/error.hpp"

#include <unistd.h>

#include <algorithm>

namespace sluice {

using namespace spool_format;

namespace {

constexpr uint64_t reserved_segments = 3;

size_t whole_pages(size_t bytes) {
  return (bytes + page_bytes - 1) / page_bytes * page_bytes;
}

} // namespace

bool spool_journal::data_fits(uint64_t more) const {
  return segment_sum_ + more + reserved_segments * segment_bytes_ <= max_bytes_;
}

// -- a place for items -------------------------------------------------------------

/// Makes room for as much as `more` says, which may change with the tail; first at the
/// expense of what is written already, then by moving what is not written out of segments
/// that hold little of it.
template <class More>
bool spool_journal::make_room(More more) {
  // Moving may fill a tail, which may be worth moving in turn: but not for ever.
  for (auto tries = 2 * segments_.size(); !data_fits(more()); --tries)
    if (tries == 0 || (!give_up_written() && !move_unwritten()))
      return false;
  return true;
}

/// Finds room for a record, and names its lane there. On an error nothing was taken.
caf::expected<spool_segment*> spool_journal::place_for(lane_entry& entry, size_t bytes) {
  auto name = lane_bytes(entry.state.name.size());
  if (!has_place(entry))
    win_places();
  if (!has_place(entry))
    return caf::make_error(ec::unavailable, "the spool has too many lanes");
  // Asked again after each step, since making room may change the tail.
  auto fits_tail = [&] {
    return tail_->room() >= bytes + (entry.named_in == tail_->number() ? 0 : name);
  };
  auto is_large = bytes > segment_bytes_ / 4;
  auto more = [&]() -> uint64_t {
    if (fits_tail())
      return 0;
    if (is_large)
      return own_bytes(bytes + name);
    // A tail that holds nothing goes as soon as it is the tail no more.
    return tail_->is_live() ? segment_bytes_ : 0;
  };
  if (!make_room(more))
    return caf::make_error(ec::overloaded, "the spool is full");
  auto err = win_spare();
  if (!err && !fits_tail() && is_large)
    return own_segment(entry, bytes + name);
  if (!err && !fits_tail())
    err = roll();
  if (err || (err = win_spare()))
    return crowded_out(err, 0);
  if (!fits_tail())
    return caf::make_error(ec::overloaded, "the spool is full");
  if (entry.named_in != tail_->number())
    state_in(entry, *tail_);
  return tail_;
}

/// The size of a segment for one record and its lane's name. It is another than usual, so
/// that it never becomes a spare: a later life may use its number again, and must not
/// find records of that number in a file used again.
size_t spool_journal::own_bytes(size_t records) const {
  auto size = whole_pages(sizeof(segment_header) + records);
  return size == segment_bytes_ ? size + page_bytes : size;
}

caf::expected<spool_segment*> spool_journal::own_segment(lane_entry& entry,
                                                         size_t records) {
  const auto make = [this, bytes = own_bytes(records)] {
    return spool_segment::create(directory_.get(), identity_, last_number_ + 1, bytes);
  };
  auto made = make();
  while (!made && give_up_written())
    made = make();
  if (!made)
    return crowded_out(made.error(), own_bytes(records));
  auto* result = add(std::move(*made));
  if (result == nullptr)
    return caf::make_error(ec::overloaded, "the spool has too many segments");
  state_in(entry, *result);
  return result;
}

spool_segment* spool_journal::add(std::unique_ptr<spool_segment> segment) {
  last_number_ = segment->number();
  if (!header_.list(segment->number())) {
    ::unlinkat(directory_.get(), spool_segment::name_of(last_number_).c_str(), 0);
    return nullptr;
  }
  segment_sum_ += segment->bytes();
  auto& place = segments_[segment->number()];
  place = std::move(segment);
  return place.get();
}

// -- the tail and the spare --------------------------------------------------------

caf::error spool_journal::ensure_tail(size_t bytes) {
  if (tail_ != nullptr && tail_->room() >= bytes)
    return caf::none;
  if (auto err = roll())
    return err;
  if (tail_->room() < bytes)
    return caf::make_error(ec::overloaded, "a segment cannot hold as much");
  return caf::none;
}

/// Begins a new tail.
caf::error spool_journal::roll() {
  if (auto err = ensure_spare())
    return err;
  auto made = spool_segment::recycle(directory_.get(), identity_, last_number_ + 1,
                                     std::move(*spare_));
  spare_.reset();
  if (!made)
    return std::move(made.error());
  auto* next = add(std::move(*made));
  if (next == nullptr)
    return caf::make_error(ec::overloaded, "the spool has too many segments");
  tail_ = next;
  // One of these becomes the next spare. If none does, who needs it makes it: by then
  // one may be free.
  free_dead();
  return caf::none;
}

caf::error spool_journal::ensure_spare() {
  if (spare_)
    return caf::none;
  auto made = spool_mapping::create(directory_.get(), spare_name, segment_bytes_);
  if (!made)
    return std::move(made.error());
  spare_ = std::move(*made);
  return caf::none;
}

/// Has a spare, if the tail needs one: where others have filled the file system, at the
/// expense of what is written already.
caf::error spool_journal::win_spare() {
  auto err = has_spare() ? caf::error{} : ensure_spare();
  while (err && (give_up_written() || move_unwritten()))
    err = has_spare() ? caf::error{} : ensure_spare();
  return err;
}

// -- letting go --------------------------------------------------------------------

/// Frees a segment in which nothing is held. False: what it says about lanes could not
/// be said again.
bool spool_journal::free_segment(spool_segment& segment) {
  auto number = segment.number();
  if (!forget_idle(segment))
    return false;
  // So much would only fill another one that holds nothing: it goes when it is less.
  if (auto bytes = segments_.contains(number) ? restated_bytes(segment) : 0;
      bytes > segment_bytes_ / 2 || ensure_tail(bytes))
    return false;
  // A new tail may have freed it.
  if (!segments_.contains(number))
    return true;
  for (auto& [lane, entry] : lanes_)
    if (entry && entry->stated_in == number)
      state_in(*entry, *tail_);
  segment.retire();
  header_.unlist(number);
  segment_sum_ -= segment.bytes();
  if (!spare_ && segment.bytes() == segment_bytes_)
    if (auto file = segment.make_spare(directory_.get()))
      spare_ = std::move(*file);
  ::unlinkat(directory_.get(), spool_segment::name_of(number).c_str(), 0);
  segments_.erase(number);
  return true;
}

/// The oldest first: what is the oldest then may forget lanes.
void spool_journal::free_dead() {
  for (auto next = segments_.begin(); next != segments_.end();) {
    auto number = next->first;
    if (next->second.get() != tail_ && !next->second->is_live())
      free_segment(*next->second);
    next = segments_.upper_bound(number);
  }
}

// -- when room is short ------------------------------------------------------------

/// Frees the oldest segment in which everything is written.
bool spool_journal::give_up_written() {
  auto found = std::find_if(segments_.begin(), segments_.end(), [&](const auto& each) {
    return each.second.get() != tail_ && each.second->unwritten == 0;
  });
  return found != segments_.end() && move_out(*found->second);
}

/// Moves the records out of the segment with the fewest unwritten bytes, if that is
/// worth its while.
bool spool_journal::move_unwritten() {
  spool_segment* best = nullptr;
  for (const auto& [number, segment] : segments_)
    if (segment.get() != tail_
        && (best == nullptr || segment->unwritten < best->unwritten))
      best = segment.get();
  if (best == nullptr || best->unwritten > segment_bytes_ / 2)
    return false;
  auto moved = best->unwritten;
  if (!move_out(*best))
    return false;
  moved_bytes_ += moved;
  return true;
}

/// Copies what is not written to the tail, and frees the segment.
bool spool_journal::move_out(spool_segment& from) {
  size_t names = 0;
  for (const auto& [lane, entry] : lanes_)
    if (entry
        && std::any_of(entry->extents.begin(), entry->extents.end(),
                       [&](const auto& each) { return each.where == &from; }))
      names += lane_bytes(entry->state.name.size());
  auto bytes = from.unwritten == 0 ? 0 : from.unwritten + names;
  if (tail_->room() < bytes) {
    // A new tail, and a spare after it, must not break the bound.
    if (segment_sum_ + 2 * segment_bytes_ > max_bytes_ || roll() || tail_->room() < bytes)
      return false;
  }
  if (bytes > 0)
    copy_unwritten(from);
  for (auto& [lane, entry] : lanes_)
    if (entry)
      repoint(*entry, from);
  return free_segment(from);
}

/// Copies each record that is not written, unless it was moved from here before: then
/// its extent is elsewhere.
void spool_journal::copy_unwritten(const spool_segment& from) {
  each_record(from.content(), [&](const record_header& what, std::string_view data) {
    if (what.kind != record_kind::data)
      return;
    auto& entry = *find(what.lane);
    auto& extents = entry.extents;
    auto of = std::lower_bound(
      extents.begin(), extents.end(), what.last_seq,
      [](const extent& each, uint64_t seq) { return each.last_seq < seq; });
    if (what.last_seq <= entry.free_up_to() || of == extents.end() || of->where != &from)
      return;
    if (entry.named_in != tail_->number())
      state_in(entry, *tail_);
    tail_->append(what, data);
  });
}

/// What was copied is in the tail now, and what was written is held no more.
void spool_journal::repoint(lane_entry& entry, spool_segment& from) {
  auto& extents = entry.extents;
  for (size_t i = extents.size(); i-- > entry.written_extents;)
    if (extents[i].where == &from) {
      from.unwritten -= extents[i].bytes;
      tail_->unwritten += extents[i].bytes;
      extents[i].where = tail_;
    }
  auto written = extents.begin() + static_cast<std::ptrdiff_t>(entry.written_extents);
  auto gone = std::remove_if(extents.begin(), written, [&](const extent& each) {
    if (each.where != &from)
      return false;
    from.kept -= each.bytes;
    kept_ -= each.bytes;
    return true;
  });
  entry.written_extents -= static_cast<size_t>(written - gone);
  extents.erase(gone, written);
}

} // namespace sluice

#include "tests/system/forgetful/contents.hpp"

#include <algorithm>
#include <utility>

namespace forgetful {

std::string_view contents::read(std::size_t offset, std::size_t size) const {
  if (offset >= live_.size())
    return {};
  return std::string_view{live_}.substr(offset, size);
}

void contents::write(std::size_t offset, std::string_view bytes, std::uint64_t& last_id) {
  auto end = offset + bytes.size();
  if (end > live_.size()) {
    live_.resize(end);
    keep({change_kind::growth, ++last_id, 0, end});
  }
  live_.replace(offset, bytes.size(), bytes);
  for (auto at = offset / sector_bytes * sector_bytes; at < end; at += sector_bytes) {
    auto sector_end = std::min(at + sector_bytes, live_.size());
    keep(
      {change_kind::sector, ++last_id, at, sector_end, live_.substr(at, sector_bytes)});
  }
}

void contents::resize(std::size_t size, std::uint64_t& last_id) {
  if (size == live_.size())
    return;
  live_.resize(size);
  keep({change_kind::resize, ++last_id, 0, size});
}

void contents::sync(std::uint64_t up_to) {
  while (!unsynced_.empty() && unsynced_.front().id <= up_to) {
    apply(unsynced_.front());
    unsynced_bytes_ -= unsynced_.front().bytes.size();
    unsynced_.pop_front();
  }
}

void contents::drop(std::uint64_t up_to) {
  std::erase_if(unsynced_, [&](const auto& each) {
    auto is_page = each.kind != change_kind::resize && each.id <= up_to;
    if (is_page)
      unsynced_bytes_ -= each.bytes.size();
    return is_page;
  });
}

void contents::lose(cut& what) {
  what.turn_to_next_file();
  if (what.is_strict())
    lose_by_chance(what);
  else
    lose_in_order(what);
  unsynced_.clear();
  unsynced_bytes_ = 0;
  live_ = stable_;
}

void contents::keep(change what) {
  unsynced_bytes_ += what.bytes.size();
  unsynced_.push_back(std::move(what));
  if (unsynced_bytes_ > unsynced_bytes_max)
    sync(unsynced_[unsynced_.size() / 2].id);
}

void contents::apply(const change& what) {
  if (what.kind == change_kind::resize) {
    stable_.resize(what.size);
    return;
  }
  if (stable_.size() < what.size)
    stable_.resize(what.size);
  stable_.replace(what.offset, what.bytes.size(), what.bytes);
}

void contents::lose_by_chance(cut& what) {
  for (const auto& each : unsynced_)
    if (what.survives())
      apply(each);
}

// A file's appended bytes reach the disk from the front, its size with them and so in
// the order of names and truncations, or later than those; sectors that were there before
// are overwritten in any order. What follows a truncation that did not get there cannot
// have got there either.
void contents::lose_in_order(cut& what) {
  if (unsynced_.empty())
    return;
  auto last_append = unsynced_[what.pick(unsynced_.size() - 1)].id;
  last_append = what.pick(3) == 0 ? 0 : std::min(last_append, what.last_metadata_id);
  for (const auto& each : unsynced_) {
    if (each.kind == change_kind::growth)
      continue;
    if (each.kind == change_kind::resize) {
      if (!what.survives_if(each.id <= what.last_metadata_id))
        return;
      apply(each);
    } else if (each.size > stable_.size()) {
      if (what.survives_if(each.id <= last_append))
        apply(each);
    } else if (what.survives()) {
      apply(each);
    }
  }
}

} // namespace forgetful

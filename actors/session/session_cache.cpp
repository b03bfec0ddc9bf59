#include "actors/session/session_cache.hpp"

namespace sluice {

namespace {

/// Each takes some 250 bytes beside what is counted.
constexpr size_t entries_max = 32'768;

} // namespace

const std::string* session_cache::find(std::string_view store, std::string_view key,
                                       time_point now) {
  auto place = places_.find({store, key});
  if (place == places_.end())
    return nullptr;
  auto found = place->second;
  if (now - found->since >= ttl_) {
    remove(place);
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found);
  return &found->document;
}

void session_cache::put(std::string_view store, std::string_view key,
                        std::string document, time_point now) {
  erase(store, key);
  entry fresh{std::string{store}, std::string{key}, std::move(document), now};
  if (ttl_ <= caf::timespan{0} || fresh.bytes() > bytes_max_)
    return;
  bytes_ += fresh.bytes();
  entries_.push_front(std::move(fresh));
  auto first = entries_.begin();
  places_.emplace(name{first->store, first->key}, first);
  while (bytes_ > bytes_max_ || entries_.size() > entries_max)
    erase(entries_.back().store, entries_.back().key);
}

void session_cache::erase(std::string_view store, std::string_view key) {
  if (auto place = places_.find({store, key}); place != places_.end())
    remove(place);
}

void session_cache::remove(std::map<name, entry_list::iterator>::iterator place) {
  auto found = place->second;
  bytes_ -= found->bytes();
  places_.erase(place);
  entries_.erase(found);
}

} // namespace sluice

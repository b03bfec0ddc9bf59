// Documents that were read or written a moment ago, so that a read need not ask the
// store. Bounded in bytes, the least recently used go first; none is older than its
// time to live. What is absent is not remembered.
#pragma once

#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

class session_cache {
public:
  using time_point = caf::actor_clock::time_point;

  /// A time to live of 0 keeps nothing.
  void configure(caf::timespan ttl, uint64_t bytes_max) {
    ttl_ = ttl;
    bytes_max_ = bytes_max;
  }

  /// The document, if it came less than the time to live before `now`. Valid until
  /// the next call.
  const std::string* find(std::string_view store, std::string_view key, time_point now);

  /// Keeps a document that is in the store at `now`.
  void put(std::string_view store, std::string_view key, std::string document,
           time_point now);

  void erase(std::string_view store, std::string_view key);

  uint64_t bytes() const { return bytes_; }
  size_t entries() const { return entries_.size(); }

private:
  struct entry {
    std::string store;
    std::string key;
    std::string document;
    time_point since;

    uint64_t bytes() const { return store.size() + key.size() + document.size(); }
  };

  using entry_list = std::list<entry>;
  /// Views into the entries' own names.
  using name = std::pair<std::string_view, std::string_view>;

  void remove(std::map<name, entry_list::iterator>::iterator place);

  caf::timespan ttl_{0};
  uint64_t bytes_max_ = 0;
  uint64_t bytes_ = 0;
  /// The most recently used first.
  entry_list entries_;
  std::map<name, entry_list::iterator> places_;
};

} // namespace sluice

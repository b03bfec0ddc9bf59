// A FOLLOWER is a connection as the topic hub knows it: its batcher, how it wants its
// messages, what the current round has for it, and where it stands in the histories that
// it has not seen to their ends.
#pragma once

#include "messages/credit.hpp"
#include "messages/topic_page.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice {

using shared_pages = std::shared_ptr<std::vector<page_ptr>>;

class topic;

/// Where a follower stands in a history.
struct standing {
  topic* of;
  /// All up to this number has been sent, or is to be told as a gap.
  uint64_t seen = 0;
  bool gap = false;
};

struct following {
  /// Pays for it.
  credit charge;
  /// Until it has seen the history to its end, and is handed what is new.
  std::optional<std::list<standing>::iterator> behind = {};
};

struct follower {
  subscriber_actor who;
  framing how = framing::single;
  std::unordered_map<std::string, following> topics;
  /// What it missed and asked for, in the order in which it did.
  std::list<standing> behind;
  /// What it gets in this round; others who get the same hold the same list.
  shared_pages gathered;
};

/// Puts together what each follower gets in one round, page by page.
class gathering {
public:
  /// Adds a page for all of these.
  void add(const page_ptr& page, const std::unordered_set<follower*>& all) {
    std::unordered_map<const void*, size_t> members;
    for (const auto* each : all)
      ++members[each->gathered.get()];
    // Whoever had the same list before has the same list after.
    std::unordered_map<const void*, shared_pages> grown;
    for (auto* each : all) {
      const void* before = each->gathered.get();
      auto& list = grown[before];
      if (!list)
        list = longer(each->gathered, page, members[before]);
      if (!before)
        touched_.push_back(each);
      each->gathered = list;
    }
  }

  /// Hands each follower its list, and ends the round.
  template <class Send>
  void finish(Send send) {
    for (auto* each : touched_)
      send(*each, delivery{std::exchange(each->gathered, nullptr)});
    touched_.clear();
  }

private:
  /// The list with one more page; the same one, unless others stay with it as it is.
  static shared_pages longer(const shared_pages& list, const page_ptr& page,
                             size_t members) {
    const bool all = list && static_cast<size_t>(list.use_count()) == members;
    auto result = all ? list : std::make_shared<std::vector<page_ptr>>();
    if (list && !all)
      *result = *list;
    result->push_back(page);
    return result;
  }

  std::vector<follower*> touched_;
};

} // namespace sluice

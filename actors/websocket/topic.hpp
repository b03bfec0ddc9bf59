// A TOPIC as its hub keeps it: numbers, followers, the messages of the window that runs,
// and those before them for whoever comes back.
#pragma once

#include "actors/websocket/batch_size.hpp"
#include "actors/websocket/follower.hpp"
#include "actors/websocket/page_builder.hpp"

#include <caf/actor_clock.hpp>
#include <caf/optional.hpp>

#include <deque>
#include <list>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice {

class topic;

/// A page that is kept for resuming, and whose it is.
struct kept_page {
  page_ptr page;
  topic* owner;
};

/// All that is kept, over all topics, oldest first.
struct kept_pages {
  std::list<kept_page> pages;
  uint64_t bytes = 0;
};

struct history_limits {
  uint64_t messages = 1000;
  uint64_t bytes = 1'048'576;
};

class topic {
public:
  using time_point = caf::actor_clock::time_point;

  /// Numbers go on behind `floor`. `charge` pays for the topic itself.
  topic(const std::string& name, uint64_t floor, batch_size batch, history_limits limits,
        kept_pages& kept, ws_deflater& deflater, credit charge)
      : last_(floor), batch_(batch), limits_(limits),
        page_bytes_max_(std::min<uint64_t>(limits.bytes / 4, 65'536)), kept_(kept),
        open_(name, deflater), charge_(std::move(charge)) {}
  topic(const topic&) = delete;
  topic& operator=(const topic&) = delete;
  ~topic();

  const std::string& name() const { return open_.topic(); }

  // -- messages ---------------------------------------------------------------------

  /// Takes a message into the window. `from` pays for it; false if it cannot, and then
  /// nothing has changed.
  bool add(const std::string& data, budget& from, time_point now);

  /// Takes a message that goes ahead of those that wait, on a page of its own.
  page_ptr overtake(const std::string& data, budget& from);

  /// Closes the page that is open, if it holds anything. It then waits to be taken.
  void seal(bool critical = false);

  /// What is sealed and not yet handed out.
  std::vector<page_ptr> take_waiting();

  /// Whether the open page is to wait for no more.
  bool full() const {
    return open_.count() >= batch_.now() || open_.bytes() >= page_bytes_max_;
  }

  /// The open page ends since it is full, or since its window does.
  void end_page(time_point now);
  bool has_waiting() const { return !open_.empty() || !waiting_.empty(); }
  uint64_t last() const { return last_; }

  // -- resuming -----------------------------------------------------------------------

  /// What a client gets that has everything up to `seen`: what it missed, behind a notice
  /// where that is not all. Without `seen`, its number is of another run, and it gets all
  /// that there is of this one, behind the notice.
  /// What has to be framed for it alone is paid from `memory`, and told as missed where
  /// there is no room.
  std::vector<page_ptr> missed(const std::string& name, caf::optional<uint64_t> seen,
                               framing how, ws_deflater& deflater, budget& memory) const;

  /// Lets the oldest page go.
  void forget_oldest();

  // -- followers ----------------------------------------------------------------------

  void join(follower& who);
  void leave(follower& who);
  const std::unordered_set<follower*>& followers() const { return followers_; }

  /// Its place among those that somebody follows, or that nobody does.
  std::list<topic*>::iterator place;
  /// Whether it is listed among those that the window's end looks at.
  bool listed = false;

private:
  bool draw(const std::string& data, budget& from, page_builder& into);
  framings_wanted wanted() const;
  void keep(const page_ptr& page);

  uint64_t last_;
  batch_size batch_;
  time_point opened_at_;
  history_limits limits_;
  /// Text of a page. History is kept by the page, so a page is a small part of it.
  uint64_t page_bytes_max_;
  kept_pages& kept_;
  page_builder open_;
  std::vector<page_ptr> waiting_;

  std::deque<std::list<kept_page>::iterator> history_;
  uint64_t history_messages_ = 0;
  uint64_t history_bytes_ = 0;

  credit charge_;
  std::unordered_set<follower*> followers_;
  /// How many of them want each framing.
  size_t ways_[framing_count] = {};
};

} // namespace sluice

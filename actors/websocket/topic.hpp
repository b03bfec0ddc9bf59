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

  /// Where a client stands that has everything up to `seen`. Without it, its number is of
  /// another run: it gets all that there is of this one, behind a notice.
  standing stand(caf::optional<uint64_t> seen);

  /// Adds the next page of the history, behind a notice where something before it is not
  /// to be had; false if the history holds no more. A page that has to be framed for one
  /// client alone is paid from `memory`, and is not to be had where there is no room.
  bool add_missed(standing& at, framing how, budget& memory,
                  std::vector<page_ptr>& to) const;

  /// Adds a notice if the history ended before the last message.
  void add_last_gap(standing& at, framing how, std::vector<page_ptr>& to) const;

  /// Lets the oldest page go.
  void forget_oldest();

  // -- followers ----------------------------------------------------------------------

  /// Begins to follow, and is handed all that is new; or only once it has caught up.
  void join(follower& who);
  void join_behind(follower& who);
  void catch_up(follower& who);
  void leave(follower& who);

  /// Whoever is handed what is new.
  const std::unordered_set<follower*>& followers() const { return followers_; }
  /// With those who are to catch up yet.
  uint64_t follower_count() const { return followers_.size() + behind_; }
  bool is_followed() const { return follower_count() > 0; }

  /// Its place among those that somebody follows, or that nobody does.
  std::list<topic*>::iterator place;
  /// Whether it is listed among those that the window's end looks at.
  bool listed = false;

private:
  bool draw(const std::string& data, budget& from, page_builder& into);
  page_ptr part_behind(const page_ptr& page, uint64_t seen, framing how,
                       budget& memory) const;
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
  uint64_t behind_ = 0;
  /// How many of all followers want each framing.
  size_t ways_[framing_count] = {};
};

} // namespace sluice

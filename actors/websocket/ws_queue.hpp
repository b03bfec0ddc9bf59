// A connection's QUEUE: pages, notices and control frames in the order in which they will
// be written. It is bounded in bytes: the oldest that may be dropped makes room, and in
// its place the client is told what it lost.
#pragma once

#include "messages/topic_page.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace sluice {

/// What a write has brought out.
struct ws_progress {
  uint64_t messages = 0;
  /// Answers and control frames.
  uint64_t answers = 0;
};

class ws_queue {
public:
  explicit ws_queue(framing how = framing::single) : how_(how) {}

  /// What was missed is not cut down to any limit, but for `drop_all`.
  void push(page_ptr page, bool missed = false);
  /// What answers the client: it may say more once this is out.
  void push_answer(page_ptr page);
  /// What comes before all frames; nothing is on its way yet.
  void push_first(std::string text);
  /// A frame that passes whatever waits.
  void push_control(std::string frame);
  /// A frame that comes behind all others.
  void push_last(std::string frame);

  /// Drops, critical messages after all others, until no more than this waits; answers,
  /// notices and what was missed stay.
  void shrink_to(uint64_t bytes_max);
  /// Drops whatever can be told as lost.
  void drop_all();
  /// Drops everything that is not on its way, and tells nobody.
  void clear();

  /// What to write next; valid until the queue changes.
  const std::vector<std::string_view>& pieces();
  ws_progress wrote(size_t bytes);

  bool empty() const { return items_.empty(); }
  bool has_missed() const { return missed_bytes_ > 0; }
  uint64_t messages() const { return messages_; }
  uint64_t bytes() const { return bytes_; }
  /// Of what a limit may cut: without what is on its way, and what was missed.
  uint64_t waiting_bytes() const;
  /// Messages dropped so far.
  uint64_t dropped() const { return dropped_; }

private:
  /// A page, a frame, or a loss that is yet to be put in words.
  struct item {
    page_ptr page = nullptr;
    std::string frame = {};
    bool answers = false;
    bool missed = false;
    uint64_t lost = 0;
    uint64_t lost_up_to = 0;
    std::string lost_of = {};

    bool droppable() const { return page && !page->notice; }
    bool is_control() const { return !page && lost == 0; }
    const std::string& topic() const { return page ? page->topic : lost_of; }
  };

  std::string_view bytes_of(const item& x) const {
    return x.page ? std::string_view{x.page->framed(how_)} : std::string_view{x.frame};
  }
  uint64_t weight(const item& x) const;
  static uint64_t messages_in(const item& x);
  void add(const std::deque<item>::iterator& where, item x);
  template <class Want, class May>
  void drop_while(Want wants, May may);
  void count_on(const item& x);
  void count_off(const item& x);
  void lose(item& x);
  bool merge_loss(const item& x,
                  const std::unordered_map<std::string_view, size_t>& last_of_topic);
  std::deque<item>::iterator behind_what_is_on_its_way();

  framing how_;
  std::deque<item> items_;
  /// Bytes of the first item that are out already.
  size_t begun_ = 0;
  std::vector<std::string_view> pieces_;
  uint64_t messages_ = 0;
  uint64_t bytes_ = 0;
  uint64_t missed_bytes_ = 0;
  uint64_t dropped_ = 0;
};

} // namespace sluice

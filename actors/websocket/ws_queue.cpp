#include "actors/websocket/ws_queue.hpp"

#include "actors/websocket/page_builder.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// One write takes at most so many pieces (the kernel's limit is 1,024), and bytes.
constexpr size_t pieces_max = 64;
constexpr size_t write_bytes_max = 262'144;

/// What a loss that is not in words yet counts for.
constexpr uint64_t loss_bytes = 160;

} // namespace

// -- counting -----------------------------------------------------------------------

uint64_t ws_queue::weight(const item& x) const {
  return sizeof(item) + (x.lost > 0 ? loss_bytes : bytes_of(x).size());
}

uint64_t ws_queue::messages_in(const item& x) {
  return x.page && !x.page->notice ? x.page->count() : 0;
}

void ws_queue::count_on(const item& x) {
  bytes_ += weight(x);
  messages_ += messages_in(x);
  missed_bytes_ += x.missed ? weight(x) : 0;
}

void ws_queue::count_off(const item& x) {
  bytes_ -= weight(x);
  messages_ -= messages_in(x);
  missed_bytes_ -= x.missed ? weight(x) : 0;
}

uint64_t ws_queue::waiting_bytes() const {
  const bool counted = begun_ > 0 && !items_.front().missed;
  return bytes_ - missed_bytes_ - (counted ? weight(items_.front()) : 0);
}

void ws_queue::add(const std::deque<item>::iterator& where, item x) {
  count_on(x);
  items_.insert(where, std::move(x));
}

// -- taking in ----------------------------------------------------------------------

void ws_queue::push(page_ptr page, bool missed) {
  add(items_.end(), {std::move(page), {}, false, missed});
}

void ws_queue::push_answer(page_ptr page) {
  add(items_.end(), {std::move(page), {}, true});
}

void ws_queue::push_first(std::string text) {
  add(items_.begin(), {nullptr, std::move(text), true});
}

void ws_queue::push_control(std::string frame) {
  add(behind_what_is_on_its_way(), {nullptr, std::move(frame), true});
}

void ws_queue::push_last(std::string frame) {
  add(items_.end(), {nullptr, std::move(frame)});
}

std::deque<ws_queue::item>::iterator ws_queue::behind_what_is_on_its_way() {
  auto where = items_.begin() + (begun_ > 0 ? 1 : 0);
  // Control frames do not pass each other.
  return std::find_if(where, items_.end(), [](const item& x) { return !x.is_control(); });
}

// -- dropping -----------------------------------------------------------------------

/// Goes once from the front to the back, however much is dropped: for each topic it knows
/// what was there last, so that a loss finds the one before it. What stays moves up.
template <class Want, class May>
void ws_queue::drop_while(Want wants, May may) {
  const size_t begin = begun_ > 0 ? 1 : 0;
  auto from = begin;
  auto to = begin;
  // The names are those of items that have their place already.
  std::unordered_map<std::string_view, size_t> last;
  for (; from < items_.size() && wants(); ++from) {
    if (items_[from].droppable() && may(items_[from]))
      lose(items_[from]);
    if (merge_loss(items_[from], last))
      continue;
    if (to < from)
      items_[to] = std::move(items_[from]);
    last[items_[to].topic()] = to;
    ++to;
  }
  const auto first = items_.begin();
  items_.erase(first + static_cast<ptrdiff_t>(to), first + static_cast<ptrdiff_t>(from));
}

void ws_queue::shrink_to(uint64_t bytes_max) {
  const auto too_many = [&] { return waiting_bytes() > bytes_max; };
  drop_while(too_many, [](const item& x) { return !x.missed && !x.page->critical; });
  drop_while(too_many, [](const item& x) { return !x.missed; });
}

void ws_queue::drop_all() {
  const auto all = [](const auto&...) { return true; };
  drop_while(all, all);
}

/// Puts the loss in the place of what is lost.
void ws_queue::lose(item& x) {
  count_off(x);
  dropped_ += x.page->count();
  x.lost = x.page->count();
  x.lost_up_to = x.page->last;
  x.lost_of = x.page->topic;
  x.missed = false;
  x.page.reset();
  count_on(x);
}

/// Whether this is a loss of which an earlier one can tell too: nothing of the topic lies
/// between them.
bool ws_queue::merge_loss(
  const item& x, const std::unordered_map<std::string_view, size_t>& last_of_topic) {
  if (x.lost == 0)
    return false;
  const auto known = last_of_topic.find(x.topic());
  if (known == last_of_topic.end() || items_[known->second].lost == 0)
    return false;
  auto& earlier = items_[known->second];
  earlier.lost += x.lost;
  // One that was overtaken has a lower number than the one before.
  earlier.lost_up_to = std::max(earlier.lost_up_to, x.lost_up_to);
  count_off(x);
  return true;
}

void ws_queue::clear() {
  while (items_.size() > (begun_ > 0 ? 1u : 0u)) {
    count_off(items_.back());
    items_.pop_back();
  }
}

// -- writing ------------------------------------------------------------------------

const std::vector<std::string_view>& ws_queue::pieces() {
  pieces_.clear();
  size_t sum = 0;
  for (auto& x : items_) {
    if (x.lost > 0) {
      count_off(x);
      x = {dropped_notice(x.lost_of, x.lost, x.lost_up_to, how_)};
      count_on(x);
    }
    auto piece = bytes_of(x);
    if (pieces_.empty())
      piece.remove_prefix(begun_);
    pieces_.push_back(piece);
    sum += piece.size();
    if (pieces_.size() == pieces_max || sum >= write_bytes_max)
      break;
  }
  return pieces_;
}

ws_progress ws_queue::wrote(size_t bytes) {
  ws_progress result;
  begun_ += bytes;
  while (!items_.empty()) {
    const auto& x = items_.front();
    // A loss that is not in words yet was not offered, however short the write was.
    if (x.lost > 0 || begun_ < bytes_of(x).size())
      break;
    begun_ -= bytes_of(x).size();
    count_off(x);
    result.messages += messages_in(x);
    result.answers += x.answers ? 1 : 0;
    items_.pop_front();
  }
  return result;
}

} // namespace sluice

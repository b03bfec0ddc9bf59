#include "actors/websocket/topic.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

bool pay(topic_page& page, budget& from) {
  auto [share, fits] = from.try_draw(page.bytes());
  page.charge = std::move(share);
  return fits;
}

} // namespace

topic::~topic() {
  while (!history_.empty())
    forget_oldest();
}

// -- messages -----------------------------------------------------------------------

framings_wanted topic::wanted() const {
  return {ways_[static_cast<size_t>(framing::single)] > 0,
          ways_[static_cast<size_t>(framing::deflated)] > 0};
}

bool topic::draw(const std::string& data, budget& from, page_builder& into) {
  const auto cost = into.cost_of(data, wanted());
  if (!into.empty())
    return into.charge.try_grow(cost);
  auto [share, fits] = from.try_draw(cost);
  into.charge = std::move(share);
  return fits;
}

bool topic::add(const std::string& data, budget& from, time_point now) {
  if (!draw(data, from, open_))
    return false;
  if (open_.empty())
    opened_at_ = now;
  open_.add(++last_, data);
  return true;
}

page_ptr topic::overtake(const std::string& data, budget& from) {
  // What waits has lower numbers: it is closed first, so that a page's numbers follow
  // each other, and yet is handed out later.
  seal();
  if (!draw(data, from, open_))
    return nullptr;
  open_.add(++last_, data, true);
  auto page = open_.seal(wanted(), true);
  keep(page);
  return page;
}

void topic::seal(bool critical) {
  if (open_.empty())
    return;
  auto page = open_.seal(wanted(), critical);
  waiting_.push_back(page);
  keep(page);
}

void topic::end_page(time_point now) {
  if (open_.empty())
    return;
  batch_.page_ended(std::chrono::duration_cast<caf::timespan>(now - opened_at_));
  seal();
}

std::vector<page_ptr> topic::take_waiting() {
  return std::exchange(waiting_, {});
}

// -- resuming -----------------------------------------------------------------------

void topic::keep(const page_ptr& page) {
  history_.push_back(kept_.pages.insert(kept_.pages.end(), {page, this}));
  history_messages_ += page->count();
  history_bytes_ += page->bytes();
  kept_.bytes += page->bytes();
  // A page goes as a whole, and only when what is left is still the promised number.
  const auto too_many = [&] {
    return history_messages_ - history_.front()->page->count() >= limits_.messages
           || history_bytes_ > limits_.bytes;
  };
  while (!history_.empty() && too_many())
    forget_oldest();
}

void topic::forget_oldest() {
  auto oldest = history_.front();
  history_messages_ -= oldest->page->count();
  history_bytes_ -= oldest->page->bytes();
  kept_.bytes -= oldest->page->bytes();
  history_.pop_front();
  kept_.pages.erase(oldest);
}

standing topic::stand(caf::optional<uint64_t> seen) {
  // Of a number that this run never gave, nobody knows what was between.
  if (!seen || *seen > last_)
    return {this, 0, true};
  return {this, *seen, false};
}

bool topic::add_missed(standing& at, framing how, budget& memory,
                       std::vector<page_ptr>& to) const {
  const auto is_seen = [&](const auto& each) { return each->page->last <= at.seen; };
  auto next = std::partition_point(history_.begin(), history_.end(), is_seen);
  for (; next != history_.end(); ++next) {
    const auto& page = (*next)->page;
    at.gap |= at.seen + 1 < page->first;
    const auto part = part_behind(page, at.seen, how, memory);
    if (part && std::exchange(at.gap, false))
      to.push_back(gap_notice(name(), part->first, how));
    at.seen = page->last;
    if (part) {
      to.push_back(part);
      return true;
    }
    at.gap = true;
  }
  return false;
}

page_ptr topic::part_behind(const page_ptr& page, uint64_t seen, framing how,
                            budget& memory) const {
  if (seen < page->first && !page->framed(how).empty())
    return page;
  auto own = rest_of(*page, seen, how);
  return pay(*own, memory) ? page_ptr{std::move(own)} : nullptr;
}

void topic::add_last_gap(standing& at, framing how, std::vector<page_ptr>& to) const {
  if (at.gap || at.seen < last_)
    to.push_back(gap_notice(name(), last_ + 1, how));
}

// -- followers ----------------------------------------------------------------------

void topic::join(follower& who) {
  join_behind(who);
  catch_up(who);
}

void topic::join_behind(follower& who) {
  ++behind_;
  ++ways_[static_cast<size_t>(who.how)];
}

void topic::catch_up(follower& who) {
  --behind_;
  followers_.insert(&who);
}

void topic::leave(follower& who) {
  if (followers_.erase(&who) == 0)
    --behind_;
  --ways_[static_cast<size_t>(who.how)];
}

} // namespace sluice

#include "actors/database/write_window.hpp"

#include "actors/storage/sqlite_query.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <utility>

namespace sluice {

write_window::write_window(sqlite_writer_actor::pointer self, write_window_config cfg)
    : self_(self), cfg_(cfg) {
  // nop
}

bool write_window::add(write_request x) {
  if (group_.empty())
    first_at_ = self_->clock().now();
  bytes_ += sqlite::size_of(x.write);
  group_.push_back(std::move(x));
  if (group_.size() >= cfg_.requests_max || bytes_ >= cfg_.bytes_max)
    return true;
  if (phase_ == phase::idle || (phase_ == phase::waiting && group_.size() >= expected_))
    mark(phase::gathering);
  return false;
}

bool write_window::ends(uint64_t generation) {
  if (generation != generation_)
    return false;
  switch (std::exchange(phase_, phase::idle)) {
    case phase::counting:
      expected_ = answered_ + group_.size();
      return !group_.empty() && is_time();
    case phase::gathering:
      return is_time();
    case phase::waiting:
      return true;
    case phase::idle:
      break;
  }
  return false;
}

std::vector<write_request> write_window::take() {
  ++generation_; // a timer that runs is stale
  phase_ = phase::idle;
  bytes_ = 0;
  return std::exchange(group_, {});
}

void write_window::answering(size_t n) {
  answered_ = n;
  mark(phase::counting);
}

bool write_window::is_time() {
  if (group_.size() >= expected_)
    return true;
  auto left = first_at_ + cfg_.commit_delay - self_->clock().now();
  if (left <= left.zero())
    return true;
  phase_ = phase::waiting;
  self_->delayed_send(self_, left, atom::commit_v, ++generation_);
  return false;
}

void write_window::mark(phase next) {
  phase_ = next;
  self_->send(self_, atom::commit_v, ++generation_);
}

} // namespace sluice

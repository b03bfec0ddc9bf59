#include "actors/coalesce/flight.hpp"

#include <algorithm>

namespace sluice::coalesce {

void flight::resume(uint64_t landed, uint64_t last) {
  landed_ = landed;
  last_ = last;
  due_ = std::min(due_, last);
}

void flight::add(uint64_t last, time_point now, caf::timespan window) {
  // What comes after a window's end is not the window's, though nothing looked between.
  look(now);
  last_ = last;
  if (!window_ends_)
    window_ends_ = grid_.end_of(now, window);
}

void flight::want(uint64_t seq) {
  due_ = std::max(due_, std::min(seq, last_));
}

void flight::look(time_point now) {
  if (window_ends_ && *window_ends_ <= now) {
    window_ends_.reset();
    want(last_);
  }
  if (paused_until_ && *paused_until_ <= now)
    paused_until_.reset();
}

void flight::begin(uint64_t last) {
  under_way_ = true;
  want(last);
  if (last == last_)
    window_ends_.reset();
}

void flight::landed(uint64_t seq) {
  under_way_ = false;
  landed_ = std::max(landed_, seq);
  pause_.reset();
}

void flight::failed(time_point now) {
  under_way_ = false;
  pause(now);
}

void flight::lost() {
  under_way_ = false;
  end_pause();
}

std::optional<flight::time_point> flight::next_look() const {
  if (paused_until_)
    return paused_until_;
  return under_way_ ? std::nullopt : window_ends_;
}

} // namespace sluice::coalesce

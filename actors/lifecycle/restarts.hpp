// How often an actor has been restarted lately: one that dies again and again stays
// down, so that the trouble shows instead of filling the log.
#pragma once

#include <caf/actor_clock.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace sluice {

class restarts {
public:
  explicit restarts(uint64_t per_minute = 5) : most_(per_minute) {}

  /// Whether `who` may be restarted now; if so, it is counted.
  bool allow(const std::string& who, caf::actor_clock::time_point now) {
    auto& times = times_[who];
    while (!times.empty() && now - times.front() >= std::chrono::minutes{1})
      times.pop_front();
    if (times.size() >= most_) {
      ++refused_;
      return false;
    }
    times.push_back(now);
    ++total_;
    return true;
  }

  uint64_t total() const { return total_; }

  /// Deaths after which the actor stayed down.
  uint64_t refused() const { return refused_; }

private:
  uint64_t most_;
  uint64_t total_ = 0;
  uint64_t refused_ = 0;
  std::map<std::string, std::deque<caf::actor_clock::time_point>> times_;
};

} // namespace sluice

// Tells of syncs that take long, while they do: a disk that hangs answers nobody, and
// whoever waits for it should read why. Its owner says when each begins and ends; one
// timer, set for the oldest, looks once that has taken `limit`.
#pragma once

#include "actors/detail/trouble.hpp"
#include "actors/detail/window_timer.hpp"

#include <caf/actor_clock.hpp>
#include <caf/timespan.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace sluice::detail {

class sync_watch {
public:
  /// A card that erases holds a sync up for a second or two. This is well beyond that,
  /// and well before requests for `disk` give up (`http.disk-timeout`).
  static constexpr caf::timespan limit = std::chrono::seconds{5};

  explicit sync_watch(std::string id) : slow_(std::move(id)) {}

  /// A sync of that begins; returns what `end` is to be called with. If one takes long,
  /// `self` receives `atom::check` and a generation for `look`.
  template <class Self>
  uint64_t begin(Self* self, std::string what) {
    under_way_.emplace(++last_, sync{self->clock().now(), std::move(what)});
    if (!timer_.is_open())
      wait_for_oldest(self);
    return last_;
  }

  template <class Self>
  void end(Self* self, uint64_t which) {
    under_way_.erase(which);
    timer_.close();
    if (under_way_.empty())
      slow_.clear();
    else
      wait_for_oldest(self);
  }

  template <class Self>
  void look(Self* self, uint64_t generation) {
    if (timer_.ends<atom::check>(self, generation))
      wait_for_oldest(self);
  }

  void tell(status_report& report) const { slow_.tell(report); }

private:
  struct sync {
    caf::actor_clock::time_point since;
    std::string what;
  };

  template <class Self>
  void wait_for_oldest(Self* self) {
    const auto& oldest = under_way_.begin()->second;
    const auto left = oldest.since + limit - self->clock().now();
    if (left > caf::timespan{0}) {
      slow_.clear();
      timer_.open<atom::check>(self, left);
    } else {
      slow_.note("a sync of " + oldest.what + " has been under way for "
                 + std::to_string(limit / std::chrono::seconds{1}) + " s or longer");
    }
  }

  /// In the order in which they began.
  std::map<uint64_t, sync> under_way_;
  uint64_t last_ = 0;
  window_timer timer_;
  trouble slow_;
};

} // namespace sluice::detail

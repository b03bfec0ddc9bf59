// Actors that block in somebody's place: as many as are busy at once, and a few that
// wait for the next who needs one.
#pragma once

#include "messages/error.hpp"
#include "messages/status.hpp"

#include <caf/abstract_actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/error.hpp>
#include <caf/timespan.hpp>

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace sluice::detail {

template <class Handle>
class helper_pool {
public:
  static constexpr size_t idle_max = 2;

  void configure(std::function<Handle()> make) { make_ = std::move(make); }

  /// Whoever takes a helper asks it one thing, and gives it back with the answer.
  Handle take() {
    while (!idle_.empty()) {
      auto helper = std::move(idle_.back());
      idle_.pop_back();
      if (!has_ended(helper))
        return helper;
    }
    return make_();
  }

  /// One that did not answer is not taken back.
  template <class Self>
  void give_back(Self* self, Handle helper, const caf::error& answered) {
    if (is_no_answer(answered))
      return;
    idle_.push_back(std::move(helper));
    if (idle_.size() > idle_max)
      stop_one(self);
  }

  template <class Self>
  void stop(Self* self) {
    while (!idle_.empty())
      stop_one(self);
  }

private:
  /// One that has died since it answered would not fail at its work: whoever asked it
  /// would take that for the disk's failure.
  static bool has_ended(const Handle& helper) {
    if (!helper)
      return true;
    const auto* who = caf::actor_cast<caf::abstract_actor*>(helper);
    return who->getf(caf::abstract_actor::is_cleaned_up_flag);
  }

  template <class Self>
  void stop_one(Self* self) {
    self->request(idle_.back(), caf::infinite, atom::stop_v)
      .then([](const stop_report&) {}, [](const caf::error&) {});
    idle_.pop_back();
  }

  std::function<Handle()> make_;
  std::vector<Handle> idle_;
};

} // namespace sluice::detail

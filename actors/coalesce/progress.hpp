// HOW FAR the items of one log, one store, one queue have come, by their numbers:
// accepted >= written >= synced. And who waits for them to come further: each is answered
// exactly once, as his number is reached or as it is said to have failed.
#pragma once

#include "actors/detail/owed.hpp"
#include "messages/durability.hpp"
#include "messages/error.hpp"

#include <caf/error.hpp>
#include <caf/result.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace sluice::coalesce {

class progress {
public:
  /// So many may wait for either level: each holds a promise, and a device that cannot
  /// sync must not let them pile up.
  static constexpr size_t waiters_max = 10'000;

  /// Is called once: without an error when it is reached.
  using answer = std::function<void(const caf::error&)>;

  // -- how far ---------------------------------------------------------------------

  uint64_t accepted() const { return accepted_; }
  uint64_t written() const { return written_; }
  uint64_t synced() const { return synced_; }
  uint64_t unwritten() const { return accepted_ - written_; }

  /// Begins with these numbers, of which nobody was told before. Answers nobody.
  void resume(uint64_t accepted, uint64_t written, uint64_t synced);

  /// One more, or so many: returns the number of the last.
  uint64_t accept(uint64_t count = 1) { return accepted_ += count; }

  /// Everything up to this number is written, or synced: answers those who wait for it.
  void wrote(uint64_t seq);
  void sync(uint64_t seq);

  /// What is numbered beyond `kept` was written, and is gone: the one way back. Who was
  /// answered is not asked again.
  void lose(uint64_t kept);

  // -- who waits -------------------------------------------------------------------

  /// Answers what `self` was just asked, once everything up to `seq` has this level:
  /// `ram` is written here, `disk` is synced. `overloaded`: too many wait.
  template <class Self, class Answer>
  caf::result<Answer> await(Self* self, durability level, uint64_t seq, Answer what) {
    if (auto err = room_for(level))
      return err;
    auto promise = detail::owe<Answer>(self);
    waiters_of(level).push_back(
      {seq, [promise, what = std::move(what)](const caf::error& why) mutable {
         if (why)
           promise.deliver(why);
         else
           promise.deliver(std::move(what));
       }});
    return promise;
  }

  /// The same of whoever is no actor's request.
  caf::error await(durability level, uint64_t seq, answer what);

  /// Answers those who wait for this level, or all, with an error.
  void fail(durability level, const caf::error& why);
  void fail(const caf::error& why);

  /// Whether anybody waits for a sync of what is numbered up to this.
  bool wants_sync(uint64_t up_to) const;

  bool is_awaited() const { return !for_written_.empty() || !for_synced_.empty(); }

private:
  struct waiter {
    uint64_t seq;
    answer what;
  };

  using waiters = std::vector<waiter>;

  waiters& waiters_of(durability level) {
    return level == durability::disk ? for_synced_ : for_written_;
  }
  caf::error room_for(durability level);
  static void answer_up_to(waiters& all, uint64_t seq, const caf::error& why);

  uint64_t accepted_ = 0;
  uint64_t written_ = 0;
  uint64_t synced_ = 0;
  waiters for_written_;
  waiters for_synced_;
};

} // namespace sluice::coalesce

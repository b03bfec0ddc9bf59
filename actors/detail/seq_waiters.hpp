// Promises that wait for a sequence number to be reached, each with the answer it
// will get: requests for a flush wait for "written", requests for `disk` for "synced".
#pragma once

#include "actors/detail/owed.hpp"

#include <caf/error.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::detail {

template <class Answer>
class seq_waiters {
public:
  using promise_type = owed<Answer>;

  void add(uint64_t seq, promise_type promise, Answer answer) {
    waiting_.push_back({seq, std::move(promise), std::move(answer)});
  }

  /// Whether anybody waits for a number up to, or beyond, this one.
  bool any_up_to(uint64_t seq) const {
    return std::any_of(waiting_.begin(), waiting_.end(),
                       [seq](const waiter& x) { return x.seq <= seq; });
  }
  bool any_beyond(uint64_t seq) const {
    return std::any_of(waiting_.begin(), waiting_.end(),
                       [seq](const waiter& x) { return x.seq > seq; });
  }

  /// Answers everybody who waits for a number up to this one.
  void reached(uint64_t seq) {
    std::erase_if(waiting_, [seq](waiter& x) {
      if (x.seq > seq)
        return false;
      x.promise.deliver(std::move(x.answer));
      return true;
    });
  }

  /// Answers everybody with this error.
  void fail(const caf::error& reason) {
    for (auto& x : std::exchange(waiting_, {}))
      x.promise.deliver(reason);
  }

  bool empty() const { return waiting_.empty(); }
  size_t size() const { return waiting_.size(); }

private:
  struct waiter {
    uint64_t seq;
    promise_type promise;
    Answer answer;
  };

  std::vector<waiter> waiting_;
};

} // namespace sluice::detail

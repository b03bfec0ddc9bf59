// ROUNDS are how one asks a costly question in the name of all who want to know: one
// round at a time, whoever comes. Who comes while one is under way waits for the next,
// which is that of all of them: what is being told may be older than what he has done.
#pragma once

#include <utility>
#include <vector>

namespace sluice::detail {

template <class Waiter>
class rounds {
public:
  /// Takes `who` into the next round.
  void join(Waiter who) { next_.push_back(std::move(who)); }

  /// Whether the next round may begin: somebody wants to know, and none is under way.
  bool is_due() const { return asked_for_.empty() && !next_.empty(); }

  /// Begins it. Returns whether it was due.
  bool begin() {
    if (!is_due())
      return false;
    asked_for_.swap(next_);
    return true;
  }

  /// Ends the round; returns those whom it was for.
  std::vector<Waiter> end() { return std::exchange(asked_for_, {}); }

  /// Whether another round is wanted.
  bool is_wanted() const { return !next_.empty(); }

private:
  std::vector<Waiter> asked_for_;
  std::vector<Waiter> next_;
};

} // namespace sluice::detail

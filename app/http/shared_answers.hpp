// SHARED ANSWERS are those of routes that ask many actors: requests that are alike are
// one request, asked in rounds, and its answer is that of all who waited for it.
#pragma once

#include "actors/detail/rounds.hpp"
#include "app/http/router.hpp"

#include <map>
#include <utility>
#include <vector>

namespace sluice::http {

class shared_answers {
public:
  explicit shared_answers(edge& e) : edge_(e) {}

  /// Has `to` answer `x` in the next round.
  void join(const route& to, exchange_ptr x);

  /// Lets go of all who wait; they are told that there is no answer.
  void end() { std::exchange(waiting_, {}).clear(); }

private:
  class lead;

  /// What is asked for, and how.
  using question = std::pair<const route*, std::vector<parameter>>;

  void begin(const question& what);
  void told(const question& what, const answer& by);

  edge& edge_;
  /// Who waits; no question that nobody waits for.
  std::map<question, detail::rounds<exchange_ptr>> waiting_;
};

} // namespace sluice::http

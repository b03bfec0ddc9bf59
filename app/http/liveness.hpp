// LIVENESS is whether the supervisor answers. It is asked in the name of all who want to
// know at the time, and its word holds for a while, however many ask.
#pragma once

#include "app/http/exchange.hpp"

#include <chrono>
#include <vector>

namespace sluice::http {

class edge;

class liveness {
public:
  /// Answers `x` now, or as soon as the supervisor has answered, or has not in time.
  void tell(edge& e, exchange_ptr x);

private:
  using clock = std::chrono::steady_clock;

  void ask(edge& e);
  void learn(bool lives);

  bool lives_ = false;
  clock::time_point believed_until_;
  /// Those for whom the supervisor is being asked.
  std::vector<exchange_ptr> waiting_;
};

} // namespace sluice::http

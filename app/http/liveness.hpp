// LIVENESS is whether the supervisor answers. Its word holds for a while, however many
// ask.
#pragma once

#include "app/http/exchange.hpp"

#include <chrono>

namespace sluice::http {

class edge;

class liveness {
public:
  /// Answers `x` now, or as soon as the supervisor has answered, or has not in time.
  void tell(edge& e, const exchange_ptr& x);

private:
  using clock = std::chrono::steady_clock;

  void learn(bool lives);

  bool lives_ = false;
  clock::time_point believed_until_;
};

} // namespace sluice::http

// When whatever users run on a connection must have ended.
#pragma once

#include <caf/timespan.hpp>

#include <chrono>

namespace sluice::sqlite {

class deadline {
public:
  void set(caf::timespan from_now) { at_ = clock::now() + from_now; }
  void clear() { at_ = never; }

  bool has_passed() const { return at_ != never && clock::now() >= at_; }

private:
  using clock = std::chrono::steady_clock;
  static constexpr auto never = clock::time_point::max();

  clock::time_point at_ = never;
};

} // namespace sluice::sqlite

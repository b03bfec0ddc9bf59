// Clients name logs and session stores, and each name becomes a file. A FILE QUOTA bounds
// how many files lie in a directory: what is there goes on, and one more is refused. It
// counts them when it has to, and adds what it lets in.
#pragma once

#include "actors/detail/trouble.hpp"
#include "messages/status.hpp"

#include <caf/error.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

class file_quota {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `setting` is what the bound is called, and `alert` what is told of it.
  file_quota(std::string setting, std::string alert)
      : setting_(std::move(setting)), full_(std::move(alert)) {}

  /// Until then there is no bound.
  void bound(std::string directory, uint64_t files_max);

  /// Lets in a file that is going to be made, unless one of these names is there already.
  /// `overloaded`: there are as many files as may be.
  caf::error let_in(const std::vector<std::string>& names, time_point now);

  void tell(status_report& report, time_point now);

private:
  void count(time_point now);
  bool is_full() const { return there_ + let_in_ >= files_max_; }
  bool may_count(time_point now) const;

  std::string setting_;
  std::string directory_;
  uint64_t files_max_ = 0;
  /// When they were counted, and how many were let in since.
  std::optional<time_point> counted_at_;
  uint64_t there_ = 0;
  uint64_t let_in_ = 0;
  uint64_t refusals_ = 0;
  detail::trouble full_;
};

} // namespace sluice

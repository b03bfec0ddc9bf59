// Something that went wrong and goes on being wrong until it is cleared: one alert,
// with the time of its first sign and the words of its latest. How often it came up is
// told for good.
#pragma once

#include "actors/detail/wall_clock.hpp"
#include "messages/status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace sluice::detail {

class trouble {
public:
  explicit trouble(std::string id) : id_(std::move(id)) {}

  void note(std::string text) {
    if (!now_) {
      now_ = alert{id_, {}, wall_clock_ms()};
      ++times_;
    }
    now_->text = std::move(text);
  }

  void clear() { now_.reset(); }

  const std::string& id() const { return id_; }

  explicit operator bool() const { return now_.has_value(); }

  /// Whether it came up at all.
  bool ever() const { return times_ > 0; }

  /// Adds the alert, if there is one, and the count.
  void tell(status_report& report) const {
    report.troubles.push_back({id_, times_});
    if (now_)
      report.alerts.push_back(*now_);
  }

private:
  std::string id_;
  std::optional<alert> now_;
  uint64_t times_ = 0;
};

} // namespace sluice::detail

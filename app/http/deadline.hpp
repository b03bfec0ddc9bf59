// A DEADLINE that moves with every request but seldom costs a timer: it is left alone
// while it runs, and looks only when it fires whether the time is really over.
#pragma once

#include <boost/asio/steady_timer.hpp>

#include <caf/timespan.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>

namespace sluice::http {

class deadline {
public:
  /// What happens when the time is over.
  class listener {
  public:
    virtual ~listener() = default;
    virtual void on_late() = 0;
  };

  explicit deadline(boost::asio::io_context& io) : timer_(io) {}

  /// Moves the deadline away from now. `whom` is kept alive as long as the timer runs.
  void expect_within(caf::timespan span, const std::shared_ptr<listener>& whom) {
    until_ = clock::now() + span;
    if (!armed_)
      arm(whom);
  }

  /// The same for a deadline that may be nearer than the one before.
  void hurry(caf::timespan span, const std::shared_ptr<listener>& whom) {
    until_ = clock::now() + span;
    arm(whom);
  }

  /// Forgets the deadline; a timer that runs fires in vain.
  void lift() { until_ = clock::time_point::max(); }

  /// Ends the timer.
  void cancel() { timer_.cancel(); }

private:
  using clock = std::chrono::steady_clock;

  void arm(const std::shared_ptr<listener>& whom) {
    timer_.expires_at(until_);
    timer_.async_wait([this, whom](boost::system::error_code code) {
      if (!code)
        on_timer(whom);
    });
    armed_ = true;
  }

  /// Without memory for a timer there is no deadline but now.
  bool try_arm(const std::shared_ptr<listener>& whom) {
    try {
      arm(whom);
      return true;
    } catch (const std::exception&) {
      return false;
    }
  }

  void on_timer(const std::shared_ptr<listener>& whom) {
    armed_ = false;
    if (until_ == clock::time_point::max())
      return;
    if (clock::now() >= until_ || !try_arm(whom))
      whom->on_late();
  }

  boost::asio::steady_timer timer_;
  clock::time_point until_ = clock::time_point::max();
  bool armed_ = false;
};

} // namespace sluice::http

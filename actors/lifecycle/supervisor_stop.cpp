// The stop. One that comes while others are being started waits until they are there, so
// that what they took up is on disk; but not for longer than half of its deadline.

#include "actors/lifecycle/supervisor.hpp"
#include "messages/error.hpp"

#include <chrono>
#include <utility>

namespace sluice {

caf::result<std::vector<stop_report>> supervisor_state::stop() {
  const auto todo = phases_.on(event::stop_asked);
  if (todo == action::refuse)
    return caf::make_error(ec::stopping, "the service is stopping already");
  stop_answer_ = detail::owe<std::vector<stop_report>>(self_);
  const auto now = self_->clock().now();
  const auto patience = config_.stop_deadline / 2;
  stop_deadline_ = now + config_.stop_deadline;
  stop_due_at_ = now + patience;
  if (todo == action::stop)
    begin_stop();
  else
    self_->delayed_send(self_, patience, atom::retry_v);
  return stop_answer_;
}

/// Those whom a restart lets go have had their time, and are not asked again.
void supervisor_state::begin_stop() {
  // The first start ends here, if it is still under way.
  start_answer_.deliver(caf::make_error(ec::stopping, "the service is stopping"));
  std::vector<stop_report> before;
  if (const auto others = std::exchange(renewal_.leaving, nullptr)) {
    before = others->give_up();
    children_.remove_joint();
  }
  const auto left = stop_deadline_ - self_->clock().now();
  stopping_ =
    drain::begin(self_, with_batchers(), renewal_.dead(),
                 std::chrono::duration_cast<caf::timespan>(left),
                 [this, before](std::vector<stop_report> reports) mutable {
                   reports.insert(reports.begin(), before.begin(), before.end());
                   stop_answer_.deliver(std::move(reports));
                   end_the_rest();
                   self_->quit();
                 });
}

/// Of a start that did not come to its end there may be some whom nobody else knows.
void supervisor_state::end_the_rest() {
  for (const auto& each : crew_->all())
    self_->send_exit(each, caf::exit_reason::kill);
}

} // namespace sluice

// How the database is brought back: every connection is closed, and the writer reopens
// and proves it. Tried again with a growing pause.
#include "actors/database/database.hpp"

#include "actors/detail/wall_clock.hpp"

#include <algorithm>

namespace sluice {

void database_state::begin_recovery(const std::string& reason) {
  if (recovery_ != recovery::none || winding_up_)
    return;
  ++recoveries_;
  recovery_alert_ = alert{"database-recovering", reason, detail::wall_clock_ms()};
  recovery_pause_ = cfg_.recover_pause_min;
  recovery_ = recovery::draining;
  readers_->hold(hold_reason::recovery);
  continue_recovery();
}

void database_state::continue_recovery() {
  if (recovery_ != recovery::draining || readers_->running() > 0)
    return;
  recovery_ = recovery::proving;
  readers_->close([this] { prove(); });
}

void database_state::prove() {
  self_->request(writer_, caf::infinite, atom::recover_v)
    .then([this](const maintenance_report& report) { on_proven(report); },
          [this](const caf::error& err) { retry_later(text_of(err)); });
}

void database_state::on_proven(const maintenance_report& report) {
  if (!report.ok)
    return retry_later(report.errors.empty() ? "" : report.errors.front());
  recovery_ = recovery::none;
  recovery_alert_.reset();
  writer_stats_.suspect = false;
  readers_->release(hold_reason::recovery);
  continue_stop();
}

void database_state::retry_later(const std::string& reason) {
  recovery_ = recovery::pausing;
  recovery_alert_->text = reason;
  self_->delayed_send(self_, recovery_pause_, atom::recover_v, ++recovery_generation_);
  recovery_pause_ = std::min(recovery_pause_ * 2, cfg_.recover_pause_max);
  readers_->release(hold_reason::recovery);
  continue_stop();
}

void database_state::on_recover(uint64_t generation) {
  if (generation != recovery_generation_ || winding_up_)
    return;
  recovery_ = recovery::draining;
  readers_->hold(hold_reason::recovery);
  continue_recovery();
}

} // namespace sluice

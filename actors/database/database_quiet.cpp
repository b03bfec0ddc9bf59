// A moment in which nobody reads, for a checkpoint that queries without end would starve:
// each ends soon, but one has begun before the other ends. New ones wait for it, those
// that run are waited for.
#include "actors/database/database.hpp"

#include <utility>

namespace sluice {

caf::result<checkpoint_report> database_state::checkpoint_in_quiet(checkpoint_mode mode,
                                                                   caf::timespan budget) {
  if (stopping_)
    return ec::stopping;
  if (quiet_)
    return caf::make_error(ec::overloaded, "a checkpoint waits for readers already");
  quiet_ = quiet_wish{mode, budget, detail::owe<checkpoint_report>(self_)};
  auto promise = quiet_->promise;
  readers_->hold(hold_reason::checkpoint);
  self_->delayed_send(self_, cfg_.quiet_patience, atom::tick_v, ++quiet_generation_);
  continue_quiet();
  return promise;
}

/// A query that may take longer keeps the checkpoint from being whole, as it did before;
/// but those behind it wait no longer.
void database_state::on_patience_over(uint64_t generation) {
  if (!quiet_ || generation != quiet_generation_)
    return;
  quiet_->late = true;
  continue_quiet();
}

void database_state::continue_quiet() {
  if (!quiet_ || quiet_->asked || (readers_->running() > 0 && !quiet_->late))
    return;
  quiet_->asked = true;
  self_->request(writer_, caf::infinite, atom::checkpoint_v, quiet_->mode, quiet_->budget)
    .then(
      [this](const checkpoint_report& report) {
        quiet_->promise.deliver(report);
        end_quiet();
      },
      [this](const caf::error& err) {
        note(err);
        quiet_->promise.deliver(err);
        end_quiet();
      });
}

void database_state::end_quiet() {
  quiet_.reset();
  readers_->release(hold_reason::checkpoint);
  on_end();
}

} // namespace sluice

#include "actors/session/session_compactor.hpp"

#include "actors/session/store_compaction.hpp"

namespace sluice {

caf::result<io_counts> session_compactor_state::compact(const compaction_handle& handle) {
  ++compactions_;
  if (auto err = handle.work->run()) {
    ++failures_;
    return err;
  }
  return handle.work->io();
}

status_report session_compactor_state::status() const {
  status_report report;
  report.name = name;
  report.state = {{"compactions", static_cast<int64_t>(compactions_)},
                  {"failures", static_cast<int64_t>(failures_)}};
  return report;
}

stop_report session_compactor_state::stop() {
  self_->quit();
  stop_report report;
  report.name = name;
  return report;
}

session_compactor_actor::behavior_type session_compactor(
  session_compactor_actor::stateful_pointer<session_compactor_state> self) {
  auto* state = &self->state;
  return {
    [state](atom::compact, const compaction_handle& handle) {
      return state->compact(handle);
    },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice

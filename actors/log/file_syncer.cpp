#include "actors/log/file_syncer.hpp"

#include "actors/storage/sync_token.hpp"

namespace sluice {

caf::result<io_counts> file_syncer_state::sync(const file_handle& handle) {
  ++syncs_;
  if (auto err = handle.sync->run()) {
    ++failures_;
    return err;
  }
  io_counts io;
  io.syncs = 1;
  return io;
}

status_report file_syncer_state::status() const {
  status_report report;
  report.name = name;
  report.state = {{"syncs", static_cast<int64_t>(syncs_)},
                  {"failures", static_cast<int64_t>(failures_)}};
  return report;
}

stop_report file_syncer_state::stop() {
  self_->quit();
  stop_report report;
  report.name = name;
  return report;
}

file_syncer_actor::behavior_type
file_syncer(file_syncer_actor::stateful_pointer<file_syncer_state> self) {
  auto* state = &self->state;
  return {
    [state](atom::sync, const file_handle& handle) { return state->sync(handle); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice

#include "actors/observe/alert_keeper.hpp"

#include "actors/storage/standing_alerts.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

void alert_keeper_state::init(alert_keeper_config config) {
  config_ = std::move(config);
  load();
}

/// What could not be read is tried again whenever somebody asks.
caf::error alert_keeper_state::load() {
  if (loaded_)
    return caf::none;
  auto all = read_standing_alerts(config_.data_dir);
  if (!all) {
    unreadable_.note("it is not known which alerts wait for somebody to acknowledge "
                     "them: "
                     + text_of(all.error()));
    return std::move(all.error());
  }
  unreadable_.clear();
  standing_ = std::move(*all);
  loaded_ = true;
  return caf::none;
}

caf::result<bool> alert_keeper_state::confirm(const std::string& id) {
  if (auto err = load())
    return err;
  auto left = standing_;
  if (std::erase_if(left, [&id](const alert& x) { return x.id == id; }) == 0)
    return caf::make_error(ec::not_found, "no alert " + id + " waits for somebody");
  if (auto err = write_standing_alerts(config_.data_dir, left))
    return err;
  standing_ = std::move(left);
  ++acknowledged_;
  return true;
}

status_report alert_keeper_state::status() {
  load();
  status_report report;
  report.name = name;
  report.state = {{"standing", static_cast<int64_t>(standing_.size())},
                  {"acknowledged", static_cast<int64_t>(acknowledged_)}};
  report.alerts = standing_;
  for (const auto& each : standing_)
    report.troubles.push_back({each.id, 1});
  unreadable_.tell(report);
  return report;
}

stop_report alert_keeper_state::stop() {
  self_->quit();
  stop_report report;
  report.name = name;
  return report;
}

alert_keeper_actor::behavior_type
alert_keeper(alert_keeper_actor::stateful_pointer<alert_keeper_state> self,
             alert_keeper_config config) {
  auto* state = &self->state;
  state->init(std::move(config));
  return {
    [state](atom::confirm, const std::string& id) { return state->confirm(id); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice

#include "actors/lifecycle/supervisor.hpp"

#include "actors/lifecycle/survey.hpp"

#include <utility>

namespace sluice {

void supervisor_state::init(supervisor_config config) {
  config_ = std::move(config);
  restarts_ = restarts{config_.restarts};
  log_files_.bound(config_.data_dir + "/logs", config_.log_files_max);
  self_->set_down_handler([this](const caf::down_msg& x) { on_down(x); });
  children_.add("directory", "", config_.directory);
  self_->delayed_send(self_, config_.log_rest, atom::tick_v);
  self_->monitor(config_.directory);
  self_->attach_functor([directory = config_.directory, ruin = config_.on_ruin,
                         all = crew_](const caf::error& why) {
    caf::anon_send_exit(directory, caf::exit_reason::user_shutdown);
    if (ends_in_order(why))
      return;
    // Nobody else could end them.
    for (const auto& each : all->all())
      caf::anon_send_exit(each, caf::exit_reason::kill);
    if (ruin)
      ruin("supervisor has died, who starts all others: " + text_of(why));
  });
}

// -- all of them ------------------------------------------------------------------

persist_targets supervisor_state::everybody() const {
  persist_targets result{{}, sessions_, {}, queue_};
  for (const auto& [log, buffer] : logs_)
    result.logs.push_back({log, buffer});
  result.has_retired = [this](const log_entry& x) {
    return !logs_.contains(x.name) && log_pasts_.find(x.name) != nullptr;
  };
  for (auto lane : config_.spool ? config_.spool->lanes() : std::vector<lane_id>{})
    if (auto state = config_.spool->state(lane);
        state.kind == lane_kind::session && state.released < state.appended)
      result.stores.push_back(state.name);
  return result;
}

caf::error supervisor_state::closed() const {
  if (phases_.ends())
    return caf::make_error(ec::stopping, "the service is stopping");
  if (phases_.is_running())
    return caf::none;
  return caf::make_error(ec::stopping,
                         is_restart() ? "an actor has died, and those that depend on it "
                                        "are started anew"
                                      : "the service has not started yet");
}

caf::result<bool> supervisor_state::persist() {
  if (auto err = closed())
    return err;
  auto promise = detail::owe<bool>(self_);
  persist_all(self_, everybody(), config_.replay_patience,
              [promise](const std::vector<std::string>& failures) mutable {
                if (failures.empty())
                  promise.deliver(true);
                else
                  promise.deliver(caf::make_error(ec::disk_failed, failures.front()));
              });
  return promise;
}

void supervisor_state::ask_all(detail::owed<std::vector<status_report>> answer) {
  status_report own;
  own.name = name;
  own.id = self_->id();
  own.state = {{"children", static_cast<int64_t>(children_.all().size())},
               {"phase", std::string{text_of(phases_.now())}},
               {"restartWaitsFor", awaited()}};
  own.troubles = {{"actor-restarted", restarts_.total()},
                  {"actor-left-down", restarts_.refused()},
                  {"log-tries-failed", log_pasts_.failures()}};
  const auto all_there = all_are_there();
  own.checks = {{"actors", all_there, all_there ? "all are there" : "some are missing"}};
  renewal_.trouble.tell(own);
  log_files_.tell(own, self_->clock().now());
  auto all = children_.all();
  all.insert(all.end(), guests_.all().begin(), guests_.all().end());
  sluice::survey(self_, all, config_.survey_timeout, std::move(own), troubles_,
                 std::move(answer));
}

caf::result<bool> supervisor_state::confirm(const std::string& alert_id) {
  if (auto err = closed())
    return err;
  return self_->delegate(alerts_, atom::confirm_v, alert_id);
}

supervisor_actor start_supervisor(caf::actor_system& sys, supervisor_config config) {
  config.directory = start_directory(sys, {config.metrics.window});
  return spawn_listed(sys, config.directory, {}, supervisor, config);
}

supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
           supervisor_config config) {
  auto* state = &self->state;
  state->init(std::move(config));
  return {
    [state](atom::start) { return state->start(); },
    [state](atom::open, const std::string& log) { return state->open(log); },
    [state](atom::stats, const std::string& log) { return state->stats(log); },
    [state](atom::tail, const std::string& log, const tail_bounds& wanted) {
      return state->tail(log, wanted);
    },
    [state](atom::flush, const std::string& log) { return state->flush(log); },
    [state](atom::persist, const std::string& log, uint64_t seq) {
      return state->persist_log(log, seq);
    },
    [state](atom::connect, ws_connection& client) { return state->connect(client); },
    [state](atom::clients) { return state->clients(); },
    [state](atom::logs) { return state->logs(); },
    [state](atom::survey) { return state->survey(); },
    [state](atom::persist) { return state->persist(); },
    [state](atom::restart, const std::string& who) { return state->end(who); },
    [state](atom::confirm, const std::string& id) { return state->confirm(id); },
    [state](atom::apply, const live_settings& x) { state->apply(x); },
    [state](atom::attach, const subsystems_listener_actor& who) { state->attach(who); },
    [state](atom::attach, const std::string& guest, const guest_actor& who) {
      state->attach(guest, who);
    },
    [state](atom::attach, const log_user_actor& who) { state->attach(who); },
    [state](atom::retire, const std::string& log, const log_past& past) {
      state->remember(log, past);
    },
    [state](atom::retire, const database_past& past) { state->remember(past); },
    [state](atom::retire, const metrics_past& past) { state->remember(past); },
    [state](atom::tick) { state->on_tick(); },
    [state](atom::retry) { state->on_retry(); },
    [](atom::check) { return true; },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice

#include "actors/observe/introspection.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace sluice {

// -- what the others tell ---------------------------------------------------------------

void introspection_state::init(introspection_config config, supervisor_actor supervisor) {
  config_ = std::move(config);
  supervisor_ = std::move(supervisor);
  // Whoever is outside may say what it likes; what is not understood is answered, and
  // told to nobody else.
  self_->set_default_handler(caf::drop);
}

void introspection_state::use(const subsystems& now) {
  actors_ = now;
  // Who holds itself never ends.
  actors_.introspection = nullptr;
}

template <class Answer, class Handle, class... Ts>
caf::result<Answer> introspection_state::relay(caf::timespan patience, const Handle& who,
                                               Ts&&... xs) {
  ++requests_;
  auto answer = detail::owe<Answer>(self_);
  self_->request(who, patience, std::forward<Ts>(xs)...)
    .then([answer](Answer& x) mutable { answer.deliver(std::move(x)); },
          [answer](caf::error& err) mutable { answer.deliver(std::move(err)); });
  return answer;
}

service_status introspection_state::overview() const {
  using std::chrono::milliseconds;
  service_status result;
  result.version = config_.version;
  result.process = static_cast<uint64_t>(getpid());
  result.data_dir = config_.data_dir;
  result.uptime_ms =
    std::chrono::duration_cast<milliseconds>(clock::now() - since_).count();
  return result;
}

caf::result<service_status> introspection_state::survey() {
  ++requests_;
  return survey_.put(self_);
}

void introspection_state::ask_survey(detail::owed<service_status> answer) {
  const auto patience = config_.telling_time_max;
  auto round = gather(std::move(answer), 2, overview());
  self_->request(supervisor_, patience, atom::survey_v)
    .then(into(round, &service_status::survey), failing(round));
  self_->request(actors_.metrics, patience, atom::totals_v)
    .then(into(round, &service_status::totals), failing(round));
}

caf::result<actor_listing> introspection_state::list(bool with_states) {
  ++requests_;
  auto ask = [this, with_states](detail::owed<actor_listing> answer) {
    ask_listing(with_states, std::move(answer));
  };
  return listings_.try_emplace(with_states, ask).first->second.put(self_);
}

void introspection_state::ask_listing(bool with_states,
                                      detail::owed<actor_listing> answer) {
  const auto patience = config_.telling_time_max;
  auto round = gather(std::move(answer), with_states ? 2 : 1);
  self_->request(actors_.directory, patience, atom::actors_v)
    .then(into(round, &actor_listing::actors), failing(round));
  if (with_states)
    self_->request(supervisor_, patience, atom::survey_v)
      .then(
        [round](const std::vector<status_report>& reports) {
          for (const auto& each : reports)
            round->found.states.push_back({each.id, each});
          round->arrived();
        },
        failing(round));
}

caf::result<std::vector<named_log_stats>> introspection_state::logs() {
  return relay<std::vector<named_log_stats>>(config_.telling_time_max, supervisor_,
                                             atom::logs_v);
}

caf::result<session_stats> introspection_state::sessions() {
  return relay<session_stats>(config_.telling_time_max, actors_.sessions, atom::stats_v);
}

caf::result<database_numbers> introspection_state::database() {
  ++requests_;
  const auto patience = config_.telling_time_max;
  auto promise = detail::owe<database_numbers>(self_);
  auto round = gather(promise, 2);
  self_->request(actors_.database, patience, atom::stats_v)
    .then(into(round, &database_numbers::database), failing(round));
  self_->request(actors_.queue, patience, atom::stats_v)
    .then(into(round, &database_numbers::queue), failing(round));
  return promise;
}

caf::result<std::vector<ws_connection_stats>> introspection_state::clients() {
  ++requests_;
  return clients_.put(self_);
}

void introspection_state::ask_for_clients(
  detail::owed<std::vector<ws_connection_stats>> answer) {
  self_->request(supervisor_, config_.telling_time_max, atom::clients_v)
    .then([this, answer](
            const std::vector<ws_batcher_actor>& all) { ask_clients(all, answer); },
          [answer](caf::error& err) mutable { answer.deliver(std::move(err)); });
}

void introspection_state::ask_clients(
  const std::vector<ws_batcher_actor>& clients,
  detail::owed<std::vector<ws_connection_stats>> promise) {
  auto round = gather(std::move(promise), clients.size());
  for (const auto& each : clients)
    self_->request(each, config_.telling_time_max, atom::stats_v)
      .then(
        [round](const ws_connection_stats& told) {
          round->found.push_back(told);
          round->arrived();
        },
        // One that has left meanwhile is none.
        [round](const caf::error&) { round->arrived(); });
}

caf::result<metrics_window> introspection_state::snapshot() {
  return relay<metrics_window>(config_.telling_time_max, actors_.metrics,
                               atom::snapshot_v);
}

caf::result<std::vector<metrics_window>> introspection_state::history() {
  return relay<std::vector<metrics_window>>(config_.telling_time_max, actors_.metrics,
                                            atom::history_v);
}

caf::result<ledger_report> introspection_state::ledger() {
  return relay<ledger_report>(config_.telling_time_max, actors_.metrics, atom::ledger_v);
}

// -- what the others do -----------------------------------------------------------------

caf::result<flush_report> introspection_state::flush(flush_target what) {
  ++requests_;
  if (what > flush_target::all)
    return caf::make_error(ec::invalid_argument, "there is no such thing to flush");
  auto ask = [this, what](detail::owed<flush_report> answer) {
    ask_flush(what, std::move(answer));
  };
  return flushes_.try_emplace(what, ask).first->second.put(self_);
}

void introspection_state::ask_flush(flush_target what,
                                    detail::owed<flush_report> answer) {
  using enum flush_target;
  auto round = gather(std::move(answer), what == all ? 4 : 1);
  if (what == logs || what == all)
    flush_logs(round);
  if (what == sessions || what == all)
    flush_one(round, actors_.sessions);
  if (what == queue || what == all)
    flush_one(round, actors_.queue);
  if (what == websocket || what == all)
    self_->request(actors_.topics, config_.working_time_max, atom::flush_v)
      .then(
        [round](uint64_t messages) {
          round->found.flushed += messages;
          round->arrived();
        },
        failing(round));
}

template <class Handle, class... Ts>
void introspection_state::flush_one(const joint_answer_ptr<flush_report>& round,
                                    const Handle& who, Ts... what) {
  self_->request(who, config_.working_time_max, atom::flush_v, std::move(what)...)
    .then(
      [round](const flush_report& told) {
        round->found.flushed += told.flushed;
        round->arrived();
      },
      failing(round));
}

void introspection_state::flush_logs(const joint_answer_ptr<flush_report>& round) {
  self_->request(supervisor_, config_.telling_time_max, atom::logs_v)
    .then(
      [this, round](const std::vector<named_log_stats>& logs) {
        for (const auto& [log, stats] : logs)
          if (stats.buffered_lines > 0) {
            ++round->awaited;
            flush_one(round, supervisor_, log);
          }
        round->arrived();
      },
      failing(round));
}

caf::result<checkpoint_report> introspection_state::checkpoint(checkpoint_mode mode) {
  if (mode > checkpoint_mode::truncate)
    return caf::make_error(ec::invalid_argument, "there is no such checkpoint mode");
  return relay<checkpoint_report>(config_.working_time_max, actors_.database,
                                  atom::checkpoint_v, mode);
}

caf::result<std::vector<setting>> introspection_state::get(const std::string& key) {
  return relay<std::vector<setting>>(config_.telling_time_max, config_.settings,
                                     atom::get_v, key);
}

caf::result<setting> introspection_state::set(const std::string& key,
                                              const std::string& value,
                                              const std::string& who) {
  return relay<setting>(config_.telling_time_max, config_.settings, atom::put_v, key,
                        value, who);
}

caf::result<std::string> introspection_state::restart(const std::string& who) {
  return relay<std::string>(config_.telling_time_max, supervisor_, atom::restart_v, who);
}

caf::result<bool> introspection_state::confirm(const std::string& alert_id) {
  return relay<bool>(config_.telling_time_max, supervisor_, atom::confirm_v, alert_id);
}

// -- itself -----------------------------------------------------------------------------

status_report introspection_state::status() const {
  status_report report;
  report.name = name;
  report.state = {{"requests", static_cast<int64_t>(requests_)}};
  if (!config_.counts)
    return report;
  const auto add = [&report](const char* what, const std::atomic<uint64_t>& count) {
    report.state.push_back({what, static_cast<int64_t>(count.load())});
  };
  add("connections", config_.counts->connections);
  add("refusedPeers", config_.counts->refused_peers);
  add("closedPeers", config_.counts->closed_peers);
  add("droppedMessages", config_.counts->dropped_messages);
  add("socketRestarts", config_.counts->socket_restarts);
  add("failedAccepts", config_.counts->failed_accepts);
  report.troubles.push_back(
    {"introspection-accept-failed", config_.counts->failed_accepts});
  if (const auto since = config_.counts->failing_since_ms.load(); since != 0)
    report.alerts.push_back({"introspection-accept-failed",
                             "the system lets nobody in at the introspection's socket; "
                             "LimitNOFILE= or ulimit -n gives more descriptors",
                             since});
  return report;
}

stop_report introspection_state::stop() {
  self_->quit();
  stop_report report;
  report.name = name;
  return report;
}

local_introspection_actor::behavior_type
introspection(local_introspection_actor::stateful_pointer<introspection_state> self,
              introspection_config config, supervisor_actor supervisor) {
  auto* state = &self->state;
  state->init(std::move(config), std::move(supervisor));
  return {
    [state](atom::survey) { return state->survey(); },
    [state](atom::actors, bool with_states) { return state->list(with_states); },
    [state](atom::logs) { return state->logs(); },
    [state](atom::stores) { return state->sessions(); },
    [state](atom::database) { return state->database(); },
    [state](atom::clients) { return state->clients(); },
    [state](atom::snapshot) { return state->snapshot(); },
    [state](atom::history) { return state->history(); },
    [state](atom::ledger) { return state->ledger(); },
    [state](atom::flush, flush_target what) { return state->flush(what); },
    [state](atom::checkpoint, checkpoint_mode mode) { return state->checkpoint(mode); },
    [state](atom::get, const std::string& key) { return state->get(key); },
    [state](atom::put, const std::string& key, const std::string& value,
            const std::string& who) { return state->set(key, value, who); },
    [state](atom::restart, const std::string& who) { return state->restart(who); },
    [state](atom::confirm, const std::string& id) { return state->confirm(id); },
    [state](atom::attach, const subsystems& now) { state->use(now); },
    [state](atom::status) { return state->status(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice

#include "actors/lifecycle/supervisor.hpp"

#include "actors/lifecycle/spool_keeper.hpp"
#include "actors/lifecycle/survey.hpp"
#include "actors/log/file_syncer.hpp"
#include "actors/log/log_writer.hpp"
#include "actors/observe/disk_watch.hpp"
#include "actors/session/session_rows.hpp"

#include <optional>
#include <utility>

namespace sluice {

void supervisor_state::init(supervisor_config config) {
  config_ = std::move(config);
  restarts_ = restarts{config_.restarts};
  self_->set_down_handler([this](const caf::down_msg& x) { on_down(x); });
}

// -- the children -----------------------------------------------------------------

template <class Handle>
Handle supervisor_state::adopt(std::string child_name, std::string key, stage stops_at,
                               Handle who) {
  children_.push_back({std::move(child_name), std::move(key), who, stops_at});
  return who;
}

void supervisor_state::watch(std::string child_name, managed_actor who) {
  children_.push_back({std::move(child_name), "", std::move(who), std::nullopt});
}

void supervisor_state::meter(const metered_actor& who) {
  self_->send(metrics_, atom::attach_v, who);
}

// -- the start --------------------------------------------------------------------

caf::result<subsystems> supervisor_state::start() {
  start_files();
  place_dead_letters();
  auto writer =
    adopt("sqlite-writer", "", stage::database,
          self_->spawn<caf::detached>(sqlite_writer, config_.writer, metrics_));
  auto promise = self_->make_response_promise<subsystems>();
  self_->request(writer, caf::infinite, atom::open_v)
    .then([this, promise,
           writer](const sqlite_opened&) { replay(start_database(writer), promise); },
          [promise, writer, this](caf::error& err) mutable {
            self_->send_exit(writer, caf::exit_reason::user_shutdown);
            promise.deliver(std::move(err));
          });
  return promise;
}

void supervisor_state::start_files() {
  auto identity = config_.data_dir + "/id";
  metrics_ = adopt("metrics-aggregator", "", stage::observers,
                   self_->spawn(metrics_aggregator, config_.metrics));
  adopt("disk-watch", "", stage::observers,
        self_->spawn<caf::detached>(disk_watch,
                                    disk_watch_config{config_.data_dir, identity}));
  start_spool_keeper();
  start_log_writer();
  adopt("log-writer", "", stage::stores, log_writer_);
}

void supervisor_state::start_spool_keeper() {
  if (!config_.spool)
    return;
  spool_keeper_config config{config_.spool, config_.spool_reservations};
  keeper_ = adopt("spool-keeper", "", stage::observers,
                  self_->spawn(spool_keeper, std::move(config), supervisor_actor{self_}));
}

void supervisor_state::start_log_writer() {
  log_writer_config files;
  files.directory = config_.data_dir + "/logs";
  files.identity_file = config_.data_dir + "/id";
  files.spool = config_.spool;
  files.make_syncer = [&sys = self_->system()] {
    return sys.spawn<caf::detached>(file_syncer);
  };
  log_writer_ =
    self_->spawn<caf::detached + caf::monitored>(log_writer, std::move(files));
}

subsystems supervisor_state::start_database(sqlite_writer_actor writer) {
  database_handles handles{
    writer, {}, self_->spawn(checkpoint_scheduler, config_.checkpoints, writer)};
  watch("sqlite-writer", writer);
  watch("checkpoint-scheduler", handles.scheduler);
  meter(writer);
  for (uint64_t i = 0; i < config_.readers; ++i) {
    handles.readers.push_back(self_->spawn<caf::detached>(sqlite_reader, config_.reader));
    watch("sqlite-reader", handles.readers.back());
    meter(handles.readers.back());
  }
  subsystems result;
  result.metrics = metrics_;
  // The database stops the actors behind it itself: only it knows when they are idle.
  result.database = adopt("database", "", stage::database,
                          self_->spawn(database, database_config{}, std::move(handles)));
  meter(result.database);
  start_queue(writer, result.database);
  result.queue = queue_;
  auto rows =
    adopt("session-rows", "", stage::stores, self_->spawn(session_rows, result.database));
  result.sessions =
    adopt("session-debouncer", "", stage::intake,
          self_->spawn(session_debouncer, config_.sessions, rows, metrics_));
  meter(result.sessions);
  sessions_ = result.sessions;
  return result;
}

/// Where queued writes go that the database refuses; the queue tells of them.
void supervisor_state::place_dead_letters() {
  auto& refused = config_.writer.refused;
  refused.directory = config_.data_dir;
  refused.identity_file = config_.data_dir + "/id";
  config_.queue.dead_letter_file = refused.directory + "/" + refused.name;
}

void supervisor_state::start_queue(const sqlite_writer_actor& writer,
                                   const database_actor& database) {
  config_.queue.spool = config_.spool;
  config_.queue.keeper = keeper_;
  queue_ = adopt("sql-queue", "", stage::intake,
                 self_->spawn(sql_queue, config_.queue, database));
  self_->send(writer, atom::attach_v, queue_listener_actor{queue_});
}

/// Brings to disk what the spool holds of an earlier run, before anything new comes.
void supervisor_state::replay(subsystems started, start_promise answer) {
  persist_targets left;
  left.sessions = sessions_;
  left.queue = queue_;
  for (auto lane : config_.spool ? config_.spool->lanes() : std::vector<lane_id>{}) {
    const auto state = config_.spool->state(lane);
    if (state.released == state.appended)
      continue;
    const auto items = state.appended - state.written;
    if (state.kind == lane_kind::log)
      left.logs.push_back({state.name, make_buffer(state.name)});
    else if (state.kind == lane_kind::session)
      left.stores.push_back(state.name);
    if (items > 0)
      started.replay.push_back({to_string(state.kind) + " " + state.name, items});
  }
  persist_all(self_, left, config_.replay_patience,
              [started = std::move(started),
               answer](const std::vector<std::string>& failures) mutable {
                started.unplaced = failures;
                answer.deliver(std::move(started));
              });
}

persist_targets supervisor_state::everybody() const {
  persist_targets result{logs(), sessions_, {}, queue_};
  for (auto lane : config_.spool ? config_.spool->lanes() : std::vector<lane_id>{})
    if (auto state = config_.spool->state(lane); state.kind == lane_kind::session)
      result.stores.push_back(state.name);
  return result;
}

// -- all of them ------------------------------------------------------------------

caf::result<bool> supervisor_state::persist() {
  if (drain_.started())
    return caf::make_error(ec::stopping, "the service is stopping");
  auto promise = self_->make_response_promise<bool>();
  persist_all(self_, everybody(), config_.replay_patience,
              [promise](const std::vector<std::string>& failures) mutable {
                if (failures.empty())
                  promise.deliver(true);
                else
                  promise.deliver(caf::make_error(ec::disk_failed, failures.front()));
              });
  return promise;
}

caf::result<std::vector<status_report>> supervisor_state::survey_all() {
  auto promise = self_->make_response_promise<std::vector<status_report>>();
  survey(self_, children_, config_.survey_timeout, promise);
  return promise;
}

caf::result<std::vector<stop_report>> supervisor_state::stop() {
  if (drain_.started())
    return caf::make_error(ec::stopping, "the service is stopping already");
  auto promise = self_->make_response_promise<std::vector<stop_report>>();
  drain_.start(children_, config_.stop_deadline, promise);
  return promise;
}

supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self,
           supervisor_config config) {
  auto* state = &self->state;
  state->init(std::move(config));
  return {
    [state](atom::start) { return state->start(); },
    [state](atom::open, const std::string& log) -> caf::result<log_buffer_actor> {
      return state->open(log);
    },
    [state](atom::find, const std::string& log) { return state->find(log); },
    [state](atom::logs) { return state->logs(); },
    [state](atom::survey) { return state->survey_all(); },
    [state](atom::persist) { return state->persist(); },
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice

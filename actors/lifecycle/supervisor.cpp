#include "actors/lifecycle/supervisor.hpp"

#include "actors/detail/names.hpp"
#include "actors/lifecycle/survey.hpp"
#include "actors/log/file_syncer.hpp"
#include "actors/log/log_writer.hpp"
#include "actors/observe/disk_watch.hpp"
#include "actors/session/session_rows.hpp"

#include <optional>
#include <utility>

namespace sluice {

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

caf::result<subsystems> supervisor_state::start() {
  start_files();
  auto refused = dead_letters_config{};
  refused.directory = config_.data_dir;
  refused.identity_file = config_.data_dir + "/id";
  config_.queue.dead_letter_file = refused.directory + "/" + refused.name;
  config_.writer.refused = std::move(refused);
  auto writer =
    adopt("sqlite-writer", "", stage::database,
          self_->spawn<caf::detached>(sqlite_writer, config_.writer, metrics_));
  auto promise = self_->make_response_promise<subsystems>();
  self_->request(writer, caf::infinite, atom::open_v)
    .then([this, promise, writer](
            const sqlite_opened&) { apply_queue(start_database(writer), promise); },
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
  log_writer_config files;
  files.directory = config_.data_dir + "/logs";
  files.identity_file = identity;
  files.make_syncer = [&sys = self_->system()] {
    return sys.spawn<caf::detached>(file_syncer);
  };
  log_writer_ = adopt("log-writer", "", stage::stores,
                      self_->spawn<caf::detached>(log_writer, std::move(files)));
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
  result.queue = start_queue(writer, result.database);
  auto rows =
    adopt("session-rows", "", stage::stores, self_->spawn(session_rows, result.database));
  result.sessions =
    adopt("session-debouncer", "", stage::intake,
          self_->spawn(session_debouncer, config_.sessions, rows, metrics_));
  meter(result.sessions);
  return result;
}

sql_queue_actor supervisor_state::start_queue(const sqlite_writer_actor& writer,
                                              const database_actor& database) {
  auto queue = adopt("sql-queue", "", stage::intake,
                     self_->spawn(sql_queue, config_.queue, database));
  self_->send(writer, atom::attach_v, queue_listener_actor{queue});
  return queue;
}

/// What an earlier run left in the spool is applied before anybody is served. A database
/// that cannot take it now will later: the queue keeps it, and its order.
void supervisor_state::apply_queue(subsystems started,
                                   caf::typed_response_promise<subsystems> promise) {
  auto done = [promise, started]() mutable { promise.deliver(std::move(started)); };
  self_->request(started.queue, caf::infinite, atom::flush_v)
    .then([done](const flush_report&) mutable { done(); },
          [done](const caf::error&) mutable { done(); });
}

caf::expected<log_buffer_actor> supervisor_state::open(const std::string& log) {
  if (auto known = logs_.find(log); known != logs_.end())
    return known->second;
  if (drain_.started())
    return caf::make_error(ec::stopping, "the service is stopping");
  if (!detail::valid_name(log))
    return caf::make_error(ec::invalid_argument, "this is no name of a log: " + log);
  if (logs_.size() >= config_.max_logs)
    return caf::make_error(ec::overloaded, "all logs that log.max-logs allows, "
                                             + std::to_string(config_.max_logs)
                                             + ", are in use");
  auto config = config_.log;
  config.log = log;
  auto buffer = adopt("log-buffer", log, stage::intake,
                      self_->spawn(log_buffer, std::move(config), log_writer_, metrics_));
  meter(buffer);
  logs_.emplace(log, buffer);
  return buffer;
}

caf::result<log_buffer_actor> supervisor_state::find(const std::string& log) {
  if (logs_.contains(log) || !detail::valid_name(log))
    return open(log);
  // Written by an earlier run, perhaps: then its file is there.
  auto promise = self_->make_response_promise<log_buffer_actor>();
  self_->request(log_writer_, caf::infinite, atom::find_v, log)
    .then(
      [this, promise, log](bool exists) mutable {
        auto none = caf::make_error(ec::not_found, "nothing was written to log " + log);
        auto buffer = exists ? open(log) : std::move(none);
        if (buffer)
          promise.deliver(std::move(*buffer));
        else
          promise.deliver(std::move(buffer.error()));
      },
      [promise](caf::error& err) mutable { promise.deliver(std::move(err)); });
  return promise;
}

std::vector<log_entry> supervisor_state::logs() const {
  std::vector<log_entry> result;
  for (const auto& [log, buffer] : logs_)
    result.push_back({log, buffer});
  return result;
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
    [state](atom::stop) { return state->stop(); },
  };
}

} // namespace sluice

// The start: files first, then the database, the sessions, and what the spool holds of an
// earlier run. Everybody is started here, in the order in which they need each other.

#include "actors/lifecycle/spool_keeper.hpp"
#include "actors/lifecycle/supervisor.hpp"
#include "actors/log/file_syncer.hpp"
#include "actors/log/log_writer.hpp"
#include "actors/observe/alert_keeper.hpp"
#include "actors/observe/disk_watch.hpp"
#include "actors/session/session_backend.hpp"
#include "actors/session/session_compactor.hpp"
#include "actors/session/session_journal.hpp"
#include "actors/session/session_rows.hpp"
#include "actors/storage/spool_header.hpp"

#include <caf/send.hpp>

#include <exception>
#include <optional>
#include <string>
#include <utility>

namespace sluice {

caf::result<subsystems> supervisor_state::start() {
  if (phases_.on(event::start_asked) == action::refuse)
    return caf::make_error(ec::refused, "the service was started already");
  start_answer_ = detail::owe<subsystems>(self_);
  begin_start();
  return start_answer_;
}

void supervisor_state::begin_start() {
  attempt([this] { start_writers(); });
}

void supervisor_state::start_writers() {
  start_files();
  place_dead_letters();
  auto writer = adopt(
    "sqlite-writer", "",
    spawn_child<caf::detached>("", sqlite_writer, with_past(config_.writer), metrics_));
  self_->request(writer, caf::infinite, atom::open_v)
    .then(
      [this, writer](sqlite_opened& opened) {
        attempt([&] {
          auto started = start_database(writer);
          started.ties = std::move(opened.ties);
          start_sessions(std::move(started));
        });
      },
      [this](const caf::error& err) {
        if (phases_.starts())
          start_failed(err);
      });
}

/// Those that outlive whom they serve are there already when those are started anew.
void supervisor_state::start_files() {
  if (!runs("metrics-aggregator"))
    metrics_ = adopt("metrics-aggregator", "",
                     spawn_child("", metrics_aggregator, with_past(config_.metrics)));
  if (!runs("disk-watch"))
    start_disk_watch();
  if (!runs("alert-keeper"))
    start_alert_keeper();
  if (!runs("spool-keeper"))
    start_spool_keeper();
  start_log_writer();
}

void supervisor_state::start_disk_watch() {
  disk_watch_config config{config_.data_dir, config_.data_dir + "/id"};
  adopt("disk-watch", "", spawn_child<caf::detached>("", disk_watch, std::move(config)));
}

void supervisor_state::start_alert_keeper() {
  alerts_ = adopt(
    "alert-keeper", "",
    spawn_child<caf::detached>("", alert_keeper, alert_keeper_config{config_.data_dir}));
}

void supervisor_state::start_spool_keeper() {
  if (!config_.spool)
    return;
  spool_keeper_config config{config_.spool, config_.spool_reservations};
  keeper_ =
    adopt("spool-keeper", "",
          spawn_child("", spool_keeper, std::move(config), supervisor_actor{self_}));
}

void supervisor_state::start_log_writer() {
  log_writer_config files;
  files.directory = config_.data_dir + "/logs";
  files.rights = config_.rights;
  files.identity_file = config_.data_dir + "/id";
  files.spool = config_.spool;
  files.open_files_max = config_.open_logs;
  files.make_syncer = helpers_of("log-writer", file_syncer);
  log_writer_ =
    adopt("log-writer", "", spawn_child<caf::detached>("", log_writer, std::move(files)));
}

subsystems supervisor_state::start_database(const sqlite_writer_actor& writer) {
  database_handles handles{
    writer, {}, spawn_child("", checkpoint_scheduler, config_.checkpoints, writer)};
  adopt("checkpoint-scheduler", "", handles.scheduler);
  meter(writer);
  for (uint64_t i = 0; i < config_.readers; ++i) {
    const auto key = std::to_string(i + 1);
    handles.readers.push_back(
      adopt("sqlite-reader", key,
            spawn_child<caf::detached>(key, sqlite_reader, config_.reader)));
    meter(handles.readers.back());
  }
  database_config config;
  config.path = config_.writer.database.path;
  config.wal = config_.writer.database.wal;
  // A statement that can be ended has ended by then, whoever it waited for.
  const auto silence = config_.reader.query_timeout + config_.reader.database.busy_timeout
                       + std::chrono::seconds{1};
  config.writer_silence_max = silence;
  config.readers.silence_max = silence;
  config.readers.make_reader = [make = helpers_of("spare", sqlite_reader, config_.reader),
                                metrics = metrics_] {
    auto reader = make();
    if (reader)
      caf::anon_send(metrics, atom::attach_v, metered_actor{reader});
    return reader;
  };
  subsystems result;
  result.metrics = metrics_;
  result.directory = config_.directory;
  result.database =
    adopt("database", "",
          spawn_child("", database, with_past(std::move(config)), std::move(handles)));
  meter(result.database);
  writer_ = writer;
  if (!runs("topic-hub"))
    start_topics();
  result.topics = topics_;
  return result;
}

/// Brings the sessions to where they are wanted, and then takes up what is unwritten.
void supervisor_state::start_sessions(subsystems started) {
  auto rows = spawn_child("", session_rows, started.database);
  // Told before whoever writes to it is.
  self_->send(writer_, atom::attach_v, session_listener_actor{rows});
  auto journal = start_journal();
  session_backend_config wanted{config_.data_dir + "/sessions", config_.data_dir + "/id",
                                config_.sessions_in, config_.rights};
  auto backend = spawn_child<caf::detached>("", session_backend, std::move(wanted));
  self_
    ->request(backend, caf::infinite, atom::convert_v, session_archive_actor{journal},
              session_archive_actor{rows})
    .then(
      [this, started, rows, journal, backend](const session_conversion& done) mutable {
        self_->send_exit(backend, caf::exit_reason::user_shutdown);
        started.conversion = done;
        attempt([&] {
          use_sessions(started, rows, journal);
          replay(std::move(started));
        });
      },
      [this](const caf::error& err) {
        if (phases_.starts())
          start_failed(err);
      });
}

session_journal_actor supervisor_state::start_journal() {
  session_journal_config files;
  files.directory = config_.data_dir + "/sessions";
  files.rights = config_.rights;
  files.identity_file = config_.data_dir + "/id";
  files.max_journal_bytes = config_.max_journal_bytes;
  files.file_bytes_max =
    store_file_bytes(config_.sessions.max_store_bytes, config_.max_journal_bytes);
  files.open_stores_max = config_.open_stores;
  files.spool = config_.spool;
  files.make_syncer = helpers_of("session-journal", file_syncer);
  files.make_compactor = helpers_of("session-journal", session_compactor);
  return spawn_child<caf::detached>("", session_journal, std::move(files), metrics_);
}

/// Keeps the one of the two that has the sessions, and ends the other.
void supervisor_state::use_sessions(subsystems& started,
                                    const session_archive_actor& rows,
                                    const session_journal_actor& journal) {
  const auto in_files = started.conversion.keeper == session_keeper::journal;
  auto keeper = in_files ? session_archive_actor{journal} : rows;
  self_->send_exit(in_files ? rows : session_archive_actor{journal},
                   caf::exit_reason::user_shutdown);
  adopt(in_files ? "session-journal" : "session-rows", "", keeper);
  if (in_files)
    meter(journal);
  auto config = config_.sessions;
  config.spool = config_.spool;
  config.keeper = keeper_;
  config.counted = is_restart();
  config.set_aside_directory = config_.data_dir + "/sessions";
  config.files_directory = in_files ? config.set_aside_directory : "";
  config.rights = config_.rights;
  sessions_ = adopt(
    "session-debouncer", "",
    spawn_child("", session_debouncer, std::move(config), std::move(keeper), metrics_));
  meter(sessions_);
  if (!in_files)
    self_->send(writer_, atom::attach_v, session_listener_actor{sessions_});
  started.sessions = sessions_;
}

/// Where queued writes go that the database refuses; the queue tells of them.
void supervisor_state::place_dead_letters() {
  auto& refused = config_.writer.refused;
  refused.directory = config_.data_dir;
  refused.rights = config_.rights;
  refused.bytes_max = config_.queue.dead_letter_bytes_max;
  refused.identity_file = config_.data_dir + "/id";
  config_.queue.dead_letter_file = refused.directory + "/" + refused.name;
}

void supervisor_state::start_queue(subsystems& started) {
  auto config = with_past(config_.queue);
  config.spool = config_.spool;
  config.keeper = keeper_;
  queue_ = adopt("sql-queue", "",
                 spawn_child("", sql_queue, std::move(config), started.database));
  self_->send(writer_, atom::attach_v, queue_listener_actor{queue_});
  started.queue = queue_;
}

void supervisor_state::start_topics() {
  constexpr size_t epoch_digits = 16;
  auto config = config_.topics;
  // Names this run: a number given by another one means nothing in it.
  config.epoch = text_of(random_spool_id()).substr(0, epoch_digits);
  topics_ = adopt("topic-hub", "", spawn_child("", topic_hub, std::move(config)));
}

/// Looks at all the others, so it comes last, and goes with those who observe.
void supervisor_state::start_introspection() {
  introspection_ =
    adopt("introspection", "",
          spawn_child("", introspection, config_.introspection, supervisor_actor{self_}));
}

} // namespace sluice

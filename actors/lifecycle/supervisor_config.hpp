// What a SUPERVISOR is started with: the settings of all its children, and its own.
#pragma once

#include "actors/database/checkpoint_scheduler.hpp"
#include "actors/database/sql_queue.hpp"
#include "actors/database/sqlite_reader.hpp"
#include "actors/database/sqlite_writer.hpp"
#include "actors/log/log_buffer.hpp"
#include "actors/observe/directory.hpp"
#include "actors/observe/introspection.hpp"
#include "actors/observe/metrics_aggregator.hpp"
#include "actors/session/session_debouncer.hpp"
#include "actors/storage/file_rights.hpp"
#include "actors/storage/spool.hpp"
#include "actors/websocket/topic_hub.hpp"
#include "actors/websocket/ws_batcher.hpp"

#include <caf/timespan.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice {

struct supervisor_config {
  /// Holds `logs/`, `id` and, unless told otherwise, the database.
  std::string data_dir;
  file_rights rights = {};
  /// What every log's buffer gets; the log's name is filled in.
  log_buffer_config log;
  /// Logs that may hold something at once.
  uint64_t max_logs = 256;
  /// Files that `logs/` may hold; one more log is refused then.
  uint64_t log_files_max = 100'000;
  /// A log that nobody has used for so long gives its file up.
  caf::timespan log_rest = std::chrono::minutes{10};
  session_debouncer_config sessions;
  /// Where sessions are to be kept.
  session_keeper sessions_in = session_keeper::journal;
  /// Bytes to which a store's journal may grow while it cannot be compacted.
  uint64_t max_journal_bytes = 67'108'864;
  /// Logs, and stores, whose files are open at once.
  uint64_t open_logs = 256;
  uint64_t open_stores = 1000;
  sqlite_writer_config writer;
  sqlite_reader_config reader;
  uint64_t readers = 2;
  checkpoint_scheduler_config checkpoints;
  sql_queue_config queue;
  topic_hub_config topics;
  ws_batcher_config batchers;
  metrics_aggregator_config metrics;
  introspection_config introspection;
  /// Set by `start_supervisor`.
  directory_actor directory;
  /// Keeps what is acknowledged until it is on disk; may be null.
  std::shared_ptr<sluice::spool> spool = nullptr;
  /// What is wrong with the spool's place, in words.
  std::vector<std::string> spool_reservations = {};
  /// Restarts of one actor in a minute.
  uint64_t restarts = 5;
  /// Called, with what happened, when one died more often than that or could not be
  /// started anew, and when the supervisor itself has died.
  std::function<void(const std::string&)> on_ruin = {};
  /// Longest time that a start waits for what it replays.
  caf::timespan replay_patience = std::chrono::seconds{30};
  /// Longest time that a stop may take.
  caf::timespan stop_deadline = std::chrono::seconds{30};
  /// Longest time that a survey waits for an actor.
  caf::timespan survey_timeout = std::chrono::milliseconds{500};
};

} // namespace sluice

#include "app/actors_config.hpp"

#include "actors/storage/device_meter.hpp"
#include "actors/storage/process_io.hpp"
#include "messages/credit.hpp"

#include <memory>
#include <string>

namespace sluice {

namespace {

log_buffer_config buffer_config(const settings& whole) {
  const auto& from = whole.log;
  log_buffer_config result;
  result.adaptive = whole.adaptive;
  result.grid = {whole.flush_grid};
  result.max_entries = from.max_entries;
  result.max_bytes = from.max_bytes;
  result.flush_interval = from.flush_interval;
  result.sync = from.sync;
  return result;
}

session_debouncer_config debouncer_config(const settings& whole) {
  const auto& from = whole.session;
  session_debouncer_config result;
  result.adaptive = whole.adaptive;
  result.grid = {whole.flush_grid};
  result.debounce = from.debounce;
  result.debounced = from.debounced;
  result.max_pending = from.max_pending;
  result.max_stores = from.max_stores;
  result.files_max = from.max_files;
  result.cache_ttl = from.cache_ttl;
  result.enforce_maintenance = from.enforce_maintenance;
  result.prune_after = from.prune_after;
  result.max_entries = from.max_entries;
  result.max_store_bytes = from.max_store_bytes;
  return result;
}

sqlite::settings database_settings(const settings& from) {
  sqlite::settings result;
  result.path =
    from.sqlite.path.empty() ? from.data_dir + "/sluice.db" : from.sqlite.path;
  result.wal = from.sqlite.wal;
  result.synchronous = from.sqlite.synchronous;
  result.cache_kib = from.sqlite.cache_kib;
  result.journal_size_limit = from.sqlite.journal_size_limit;
  result.wal_bytes_max = from.sqlite.max_wal_bytes;
  result.busy_timeout = from.sqlite.busy_timeout;
  result.memory_bytes_max = from.sqlite.max_memory_bytes;
  result.temp_bytes_max = from.sqlite.max_temp_bytes;
  result.rights = {from.files.bits};
  return result;
}

sqlite_writer_config writer_config(const settings& from) {
  sqlite_writer_config result;
  result.database = database_settings(from);
  result.window.commit_delay = from.sqlite.commit_delay;
  result.query_timeout = from.sqlite.query_timeout;
  result.max_result_bytes = from.sqlite.max_result_bytes;
  result.checkpoint_budget = from.sqlite.checkpoint_budget;
  return result;
}

sqlite_reader_config reader_config(const settings& from) {
  return {database_settings(from), from.sqlite.query_timeout,
          from.sqlite.max_result_bytes};
}

checkpoint_mode mode_named(const std::string& word) {
  for (auto mode :
       {checkpoint_mode::full, checkpoint_mode::restart, checkpoint_mode::truncate})
    if (to_string(mode) == word)
      return mode;
  return checkpoint_mode::passive;
}

checkpoint_scheduler_config checkpoint_config(const sqlite_settings& from) {
  checkpoint_scheduler_config result;
  result.interval = from.checkpoint_interval;
  result.mode = mode_named(from.checkpoint_mode);
  result.checkpoint_bytes = static_cast<int64_t>(from.checkpoint_bytes);
  result.budget = from.checkpoint_budget;
  result.journal_size_limit = static_cast<int64_t>(from.journal_size_limit);
  return result;
}

topic_hub_config topics_config(const settings& whole) {
  const auto& from = whole.websocket;
  topic_hub_config result;
  result.adaptive = whole.adaptive;
  result.batching = from.batching;
  result.batch_interval = from.batch_interval;
  result.max_batch = from.max_batch;
  result.overtake = from.critical_order == "overtake";
  result.history = {from.history_messages, from.history_bytes};
  result.max_topics = from.max_topics;
  result.max_followed = from.max_subscriptions;
  result.memory = std::make_shared<budget>(from.max_total_queue_bytes);
  return result;
}

ws_batcher_config batchers_config(const websocket_settings& from) {
  ws_batcher_config result;
  result.max_queue_bytes = from.max_queue_bytes;
  result.close_when_full = from.overflow == "close";
  return result;
}

} // namespace

supervisor_config actors_config(const settings& from) {
  supervisor_config result;
  result.data_dir = from.data_dir;
  result.rights = {from.files.bits};
  result.log = buffer_config(from);
  result.max_logs = from.log.max_logs;
  result.log_files_max = from.log.max_files;
  result.sessions = debouncer_config(from);
  result.sessions_in = from.session.backend == "database" ? session_keeper::database
                                                          : session_keeper::journal;
  result.max_journal_bytes = from.session.max_journal_bytes;
  result.open_logs = from.log.open_files;
  result.open_stores = from.session.open_stores;
  result.restarts = from.restarts;
  result.writer = writer_config(from);
  result.reader = reader_config(from);
  result.readers = from.sqlite.readers;
  result.checkpoints = checkpoint_config(from.sqlite);
  result.queue.interval = from.sqlite.queue_interval;
  result.queue.dead_letter_bytes_max = from.sqlite.max_dead_letter_bytes;
  result.queue.grid = {from.flush_grid};
  result.topics = topics_config(from);
  result.batchers = batchers_config(from.websocket);
  result.metrics.window = from.metrics.window;
  result.metrics.history = from.metrics.history;
  result.metrics.kernel = read_process_io;
  result.metrics.device = [meter = device_meter{from.data_dir}] { return meter.read(); };
  result.metrics.uptime = [since = std::chrono::steady_clock::now()] {
    return std::chrono::steady_clock::now() - since;
  };
  result.metrics.endurance_tbw = from.disk_endurance_tbw;
  result.introspection.version = SLUICE_VERSION;
  result.introspection.data_dir = from.data_dir;
  result.stop_deadline = from.shutdown_deadline;
  return result;
}

} // namespace sluice

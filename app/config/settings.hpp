// Every setting of `sluiced` as the program uses it: typed, checked, complete. The
// table in `config/keys.cpp` names them, and fills them in.
#pragma once

#include <caf/timespan.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

struct files_settings {
  /// Octal digits.
  std::string mode = "0640";
  /// Follows from `mode`.
  uint32_t bits = 0640;
};

struct spool_settings {
  bool enabled = true;
  /// Empty: the first place in RAM that can be had.
  std::string dir;
  uint64_t max_bytes = 33'554'432;
};

struct http_settings {
  std::string address = "127.0.0.1";
  uint16_t port = 3000;
  /// Path of a unix socket, or empty.
  std::string socket;
  std::string token_file;
  std::string certificate;
  std::string key;
  /// Allows plain HTTP beyond loopback.
  bool plain = false;
  /// More names accepted in `Host` and `Origin`.
  std::vector<std::string> hosts;
  uint64_t max_in_flight_bytes = 67'108'864;
  uint64_t max_body_bytes = 16'777'216;
  uint64_t max_response_bytes = 16'777'216;
  /// The largest answer at least.
  uint64_t max_answer_bytes_total = 67'108'864;
  uint64_t max_connections = 1000;
  /// Of one IPv4 address or one /64 of IPv6, none of this machine.
  uint64_t max_connections_per_address = 250;
  /// Of a log; follows from `log.max-line-bytes`.
  uint64_t max_line_bytes = 1'048'576;
  /// Of the metrics; follows from `metrics.max-names`.
  uint64_t max_names = 256;
  caf::timespan idle_timeout = std::chrono::seconds{60};
  caf::timespan disk_timeout = std::chrono::seconds{30};
  /// Nobody waits longer for an answer, but for care of the whole database. No user sets
  /// it: it is to end what would never end.
  caf::timespan answer_time_max = std::chrono::hours{1};
};

struct log_settings {
  uint64_t max_entries = 100;
  caf::timespan flush_interval = std::chrono::seconds{5};
  uint64_t max_bytes = 65'536;
  /// fdatasync with every flush, not only when asked.
  bool sync = false;
  uint64_t max_logs = 256;
  /// In `logs/`.
  uint64_t max_files = 100'000;
  /// Whose files are open at once; follows from the descriptors.
  uint64_t open_files = 256;
  /// Of one line, its LF not counted.
  uint64_t max_line_bytes = 1'048'576;
};

struct session_settings {
  /// `journal` or `database`.
  std::string backend = "journal";
  caf::timespan debounce = std::chrono::seconds{2};
  /// False: every update is written at once. Follows from `debounce`, 0 being off.
  bool debounced = true;
  uint64_t max_pending = 10;
  uint64_t max_stores = 1000;
  /// In `sessions/`, where a store has two.
  uint64_t max_files = 200'000;
  /// Whose files are open at once; follows from the descriptors.
  uint64_t open_stores = 1000;
  /// 0: no cache.
  caf::timespan cache_ttl = std::chrono::seconds{45};
  /// Whether maintenance removes (`enforce`) or only tells (`warn`).
  std::string maintenance = "warn";
  /// Follows from `maintenance`.
  bool enforce_maintenance = false;
  caf::timespan prune_after = std::chrono::hours{720};
  uint64_t max_entries = 500;
  uint64_t max_store_bytes = 67'108'864;
  uint64_t max_journal_bytes = 67'108'864;
};

struct sqlite_settings {
  /// Empty: `sluice.db` in the data directory.
  std::string path;
  bool wal = true;
  /// `off`, `normal`, `full` or `extra`.
  std::string synchronous = "normal";
  uint64_t cache_kib = 10'000;
  uint64_t journal_size_limit = 67'108'864;
  uint64_t max_wal_bytes = 1'073'741'824;
  caf::timespan busy_timeout = std::chrono::seconds{5};
  caf::timespan commit_delay = std::chrono::milliseconds{1};
  caf::timespan queue_interval = std::chrono::seconds{5};
  uint64_t max_dead_letter_bytes = 67'108'864;
  uint64_t readers = 2;
  caf::timespan query_timeout = std::chrono::seconds{5};
  uint64_t max_result_bytes = 16'777'216;
  /// Of SQLite, for all users' statements together; and of the files that one sorts in.
  uint64_t max_memory_bytes = 67'108'864;
  uint64_t max_temp_bytes = 268'435'456;
  caf::timespan checkpoint_interval = std::chrono::minutes{5};
  /// `passive`, `full`, `restart` or `truncate`.
  std::string checkpoint_mode = "passive";
  uint64_t checkpoint_bytes = 4'194'304;
  caf::timespan checkpoint_budget = std::chrono::milliseconds{250};
};

struct websocket_settings {
  /// False: every message goes out by itself, at once.
  bool batching = true;
  caf::timespan batch_interval = std::chrono::milliseconds{100};
  uint64_t max_batch = 20;
  /// `in-order` or `overtake`.
  std::string critical_order = "in-order";
  uint64_t max_queue_bytes = 1'048'576;
  uint64_t max_total_queue_bytes = 67'108'864;
  /// `drop-oldest` or `close`.
  std::string overflow = "drop-oldest";
  caf::timespan idle_timeout = std::chrono::seconds{120};
  bool deflate = false;
  uint64_t history_messages = 1000;
  uint64_t history_bytes = 1'048'576;
  uint64_t max_connections = 10'000;
  uint64_t max_topics = 10'000;
  /// Topics that one connection may follow.
  uint64_t max_subscriptions = 1'000;
};

struct introspection_settings {
  /// Empty: beside the spool, or without one in the data directory.
  std::string socket;
};

/// Of `sluice-gate`, which reads the same layers.
struct gate_settings {
  std::string address = "127.0.0.1";
  uint16_t port = 3443;
  std::string ca_file;
  std::string certificate;
  std::string key;
  /// Lets through what changes something, too.
  bool allow_control = false;
};

struct metrics_settings {
  caf::timespan window = std::chrono::minutes{1};
  uint64_t history = 60;
  /// Logs, and stores, that `/metrics` tells of by name.
  uint64_t max_names = 256;
};

struct settings {
  std::string data_dir = "var";
  std::string profile = "embedded";
  files_settings files;
  spool_settings spool;
  http_settings http;
  log_settings log;
  session_settings session;
  std::string database_type = "sqlite";
  sqlite_settings sqlite;
  websocket_settings websocket;
  introspection_settings introspection;
  gate_settings gate;
  metrics_settings metrics;
  /// Early flushes give way to the window while the spool has room.
  bool adaptive = true;
  /// Windows end on this grid.
  caf::timespan flush_grid = std::chrono::milliseconds{500};
  /// Terabytes that the data's device is said to endure; 0: not known.
  uint64_t disk_endurance_tbw = 0;
  /// Restarts of one actor in a minute, past which it stays down.
  uint64_t restarts = 5;
  caf::timespan shutdown_deadline = std::chrono::seconds{30};
};

} // namespace sluice

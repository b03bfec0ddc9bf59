// The SQLITE WRITER owns the one connection that writes. The DATABASE sends it writes,
// the CHECKPOINT SCHEDULER asks it to checkpoint. It answers a write after its commit,
// and never checkpoints but when asked. Spawn it detached: it blocks on the disk.
#pragma once

#include "actors/database/write_transaction.hpp"
#include "actors/database/write_window.hpp"
#include "actors/detail/ledger_page.hpp"
#include "actors/detail/owed.hpp"
#include "actors/detail/trouble.hpp"
#include "actors/storage/dead_letters.hpp"
#include "actors/storage/sqlite_files.hpp"
#include "actors/storage/sqlite_settings.hpp"
#include "actors/storage/sqlite_wal.hpp"
#include "messages/database.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/sqlite_writer.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct sqlite_writer_config {
  sqlite::settings database;
  write_window_config window;
  /// A user's write that runs longer is ended.
  caf::timespan query_timeout = std::chrono::seconds{5};
  /// Bytes of rows that a user's write may return.
  size_t max_result_bytes = 16'777'216;
  /// How long the checkpoint at the end waits for others.
  caf::timespan checkpoint_budget = std::chrono::milliseconds{250};
  /// Where queued writes are set aside that the database refuses.
  dead_letters_config refused;
  /// What those before it have counted, and who is told what this one has; may be null.
  database_past past = {};
  database_heir_actor heir = {};
};

class sqlite_writer_state {
public:
  static inline const char* name = "sqlite-writer";

  explicit sqlite_writer_state(sqlite_writer_actor::pointer self) : self_(self) {}
  sqlite_writer_state(const sqlite_writer_state&) = delete;
  sqlite_writer_state& operator=(const sqlite_writer_state&) = delete;
  ~sqlite_writer_state();

  void init(sqlite_writer_config cfg, metrics_aggregator_actor metrics);

  caf::expected<sqlite_opened> open();
  caf::result<sql_receipt> execute(sql_write& write, durability level);
  caf::result<sql_batch_outcome> apply(const sql_batch& batch);
  caf::expected<checkpoint_report> checkpoint(checkpoint_mode mode, caf::timespan budget);
  caf::expected<maintenance_report> maintain(maintenance_kind kind);
  maintenance_report recover();
  void attach(wal_listener_actor listener);
  void attach(const sync_listener_actor& listener);
  void attach(files_listener_actor listener);
  void attach(queue_listener_actor listener);
  void attach(session_listener_actor listener);
  bool has_its_files();
  sqlite_writer_stats stats();
  void on_commit(uint64_t generation);
  metrics_report collect();
  status_report status();
  stop_report stop();

  /// The files' counters, and a test's way to break them.
  sqlite::vfs& files() { return files_; }

private:
  /// The queue has one batch in flight at a time.
  struct held_batch {
    sql_batch batch;
    detail::owed<sql_batch_outcome> promise;
  };

  uint64_t commit_group();
  uint64_t commit(std::vector<write_request> group);
  void answer(write_request& x);
  void settle(const write_transaction& done);
  void count(const write_request& x);
  void asked(uint64_t writes, uint64_t bytes);
  void spent(const io_counts& io);
  void tell_wal();
  caf::error make_room_in_wal();
  void look_at_schema();
  std::string ties() const;
  void tell_schema(status_report& report);
  void tell_synced();
  void tell_recovered();
  void tell_sessions();
  void report_counts();
  void suspect(const std::string& reason);
  caf::error note(caf::error err);
  caf::error prove();
  caf::error finish();

  // -- files that were replaced ---------------------------------------------------
  void watch_files();
  void remind();
  caf::error files_error() const;
  void hold(std::vector<write_request> group);
  std::optional<sql_batch_outcome> try_apply(const sql_batch& batch);
  void let_batch_go();
  void let_go(bool is_sound);
  void save_replaced();
  caf::error reopen();
  maintenance_report recover_replaced();
  bool is_back();
  void tell_files(status_report& report);

  sqlite_writer_actor::pointer self_;
  sqlite_writer_config cfg_;
  write_config commit_cfg_;
  metrics_aggregator_actor metrics_;
  std::vector<wal_listener_actor> listeners_;
  std::vector<files_listener_actor> files_listeners_;
  std::vector<queue_listener_actor> queue_listeners_;
  std::vector<session_listener_actor> session_listeners_;

  sqlite::vfs files_;
  sqlite::connection db_{files_};
  sqlite::schema_watch schema_{db_};
  detail::trouble tied_{"database-schema-tied"};
  detail::trouble large_{"database-schema-large"};
  detail::trouble wal_full_{"database-wal-full"};
  sqlite::wal_tracker wal_;
  std::optional<write_window> window_;
  dead_letters refused_;
  /// What of the queue was committed last, and what of it was told to be on disk.
  queue_mark queue_;
  queue_mark queue_on_disk_;

  sqlite_writer_stats stats_;
  /// Counted, and not told yet.
  metrics_delta counts_;
  detail::ledger_page booked_{"database"};
  uint64_t last_group_ = 0;
  std::optional<alert> io_error_;
  uint64_t io_errors_ = 0;

  std::optional<sqlite::file_watch> watch_;
  /// The directory that the database was opened in.
  std::optional<sqlite::file_stamp> directory_;
  /// What happened to the files, until the writer goes on in others.
  std::optional<sqlite::replacement> replaced_;
  std::optional<sqlite::rescue> rescued_;
  /// The database that was closed and not saved.
  std::optional<sqlite::file_stamp> left_alone_;
  std::optional<alert> replaced_alert_;
  bool reopening_failed_ = false;
  uint64_t replacements_ = 0;
  /// Writes that wait for other files, and writes that were committed into those that
  /// were replaced. Their requests' bytes are charged until they are answered.
  std::vector<write_request> held_;
  std::vector<write_request> unsure_;
  std::optional<held_batch> held_batch_;
};

/// @param metrics is told what was counted, with each commit; may be null.
sqlite_writer_actor::behavior_type
sqlite_writer(sqlite_writer_actor::stateful_pointer<sqlite_writer_state> self,
              sqlite_writer_config cfg, metrics_aggregator_actor metrics);

} // namespace sluice

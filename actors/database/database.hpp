// The DATABASE stands before the SQLITE WRITER and the SQLITE READERS. Everybody who has
// SQL talks to it; nobody else talks to them. It gives each query to the first reader
// that is free, and after an I/O error brings every connection to close, so that the
// writer can prove the database sound.
#pragma once

#include "actors/database/reader_pool.hpp"
#include "actors/detail/owed.hpp"
#include "actors/detail/shared_question.hpp"
#include "actors/detail/sync_watch.hpp"
#include "actors/storage/sqlite_stamp.hpp"
#include "messages/checkpoint_scheduler.hpp"
#include "messages/database.hpp"
#include "messages/sqlite_reader.hpp"

#include <caf/actor_clock.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct database_config {
  /// What those before it have counted, and who is told what this one has; may be null.
  database_past past = {};
  database_heir_actor heir = {};
  /// What the database is, for whoever reads its numbers.
  std::string type = "sqlite";
  /// Its file, to be looked at before each query; may be empty. Whether it has a WAL.
  std::string path = {};
  bool wal = true;
  reader_pool_config readers = {};
  /// Whoever asks is told that the database is not ready once the writer has answered
  /// nothing for so long, while it has something to answer, and neither syncs nor is
  /// cared for.
  caf::timespan writer_silence_max = std::chrono::seconds{11};
  /// How long whoever asks for the numbers waits for a busy writer.
  caf::timespan stats_patience = std::chrono::milliseconds{250};
  /// From one try to recover to the next; doubled each time.
  caf::timespan recover_pause_min = std::chrono::seconds{1};
  caf::timespan recover_pause_max = std::chrono::minutes{1};
  /// How long a checkpoint that readers starve waits for those that run, and all others
  /// with it. What takes longer is ended before, but for where the settings say
  /// otherwise.
  caf::timespan quiet_patience = std::chrono::seconds{10};
};

/// Whom the database gives the work to. It stops them when it stops.
struct database_handles {
  sqlite_writer_actor writer;
  std::vector<sqlite_reader_actor> readers;
  checkpoint_scheduler_actor scheduler;
};

class database_state {
public:
  static inline const char* name = "database";

  explicit database_state(database_actor::pointer self) : self_(self) {}
  database_state(const database_state&) = delete;
  database_state& operator=(const database_state&) = delete;
  ~database_state();

  void init(database_config cfg, database_handles handles);

  caf::result<sql_result> query(sql_statement& x, sql_origin origin);
  caf::result<sql_receipt> execute(sql_write& write, durability level);
  caf::result<sql_batch_outcome> apply(sql_batch& batch);
  caf::result<checkpoint_report> checkpoint(checkpoint_mode mode);
  caf::result<checkpoint_report> checkpoint_in_quiet(checkpoint_mode mode,
                                                     caf::timespan budget);
  void on_patience_over(uint64_t generation);
  caf::result<maintenance_report> maintain(maintenance_kind kind);
  caf::result<database_stats> stats();
  void on_sync(bool begins);
  void on_replaced(const std::string& what);
  void begin_recovery(const std::string& reason);
  void on_check(uint64_t generation);
  void on_recover(uint64_t generation);
  status_report status() const;
  caf::result<stop_report> stop();

private:
  /// How far the recovery from an I/O error is.
  enum class recovery : uint8_t {
    none,
    /// Readers finish what they run.
    draining,
    /// Readers close; then the writer closes, reopens and proves.
    proving,
    /// It failed, and is tried again later. Readers may read until then.
    pausing,
  };

  /// A checkpoint that waits for quiet.
  struct quiet_wish {
    checkpoint_mode mode;
    caf::timespan budget;
    detail::owed<checkpoint_report> promise;
    /// Queries that run are waited for no longer.
    bool late = false;
    bool asked = false;
  };

  template <class Answer, class Handle, class Done, class... Args>
  caf::result<Answer> relay(const Handle& to, Done done, Args&&... args);
  template <class Answer, class Handle, class Done, class... Args>
  void relay_for(detail::owed<Answer> promise, const Handle& to, Done done,
                 Args&&... args);
  void note(const caf::error& err);
  database_stats stats_with(const sqlite_writer_stats& writer);
  void on_end();
  void heard();
  bool is_writer_silent() const;
  void tell_silence(status_report& report) const;

  void continue_quiet();
  void end_quiet();

  void look_at_files();
  void ask_about(const sqlite::open_files& now);
  sqlite::open_files files_now() const;
  bool are_same_files(const sqlite::open_files& now) const;
  void continue_recovery();
  void prove();
  void on_proven(const maintenance_report& report);
  void retry_later(const std::string& reason);

  void continue_stop();
  void stop_scheduler();
  void stop_writer();
  void finish_stop();
  void add(const stop_report& x);
  void add(const std::string& who, const caf::error& err);

  database_actor::pointer self_;
  database_config cfg_;
  sqlite_writer_actor writer_;
  checkpoint_scheduler_actor scheduler_;
  std::optional<reader_pool> readers_;
  /// Requests that the writer or the scheduler has not answered yet.
  uint64_t relayed_ = 0;
  /// When the writer answered last, or was asked after it had answered all; and for how
  /// many it checks, analyzes or vacuums.
  caf::actor_clock::time_point heard_at_;
  uint64_t maintaining_ = 0;
  /// Care takes long, and what one has had done is done for all who asked before.
  std::map<checkpoint_mode, detail::shared_question<checkpoint_report>> checkpoints_;
  std::map<maintenance_kind, detail::shared_question<maintenance_report>> care_;
  /// The writer's numbers as last told.
  sqlite_writer_stats writer_stats_;
  uint64_t statements_ = 0;
  uint64_t transactions_ = 0;

  detail::sync_watch sync_watch_{"database-sync-slow"};
  uint64_t sync_ = 0;
  bool syncing_ = false;

  recovery recovery_ = recovery::none;
  uint64_t recovery_generation_ = 0;
  caf::timespan recovery_pause_{0};
  std::optional<alert> recovery_alert_;
  uint64_t recoveries_ = 0;

  /// The files when the writer last said that they are the open ones.
  sqlite::open_files seen_;
  /// Whether the writer is asked about them, and queries wait for its word.
  bool asking_about_files_ = false;

  std::optional<quiet_wish> quiet_;
  uint64_t quiet_generation_ = 0;

  bool stopping_ = false;
  /// Everything is answered, and the others are being stopped.
  bool winding_up_ = false;
  stop_report stop_report_;
  detail::owed<stop_report> stopped_;
};

database_actor::behavior_type
database(database_actor::stateful_pointer<database_state> self, database_config cfg,
         database_handles handles);

} // namespace sluice

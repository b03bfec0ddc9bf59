// The SQL QUEUE holds writes whose senders do not wait for their commit. Clients append
// them; the DATABASE gets them in batches, one in flight at a time, in the order in
// which they came: when the oldest has waited `interval`, when room grows short, or when
// somebody asks.
//
// What the database cannot take now stays here, is tried again with a growing pause, and
// follows in order. With a spool each write is in it before its sender is answered; a
// start brings back what was not applied, and a commit that was lost to an I/O error is
// made up for from there.
#pragma once

#include "actors/coalesce/flight.hpp"
#include "actors/coalesce/lane.hpp"
#include "actors/coalesce/progress.hpp"
#include "actors/detail/alarm.hpp"
#include "actors/detail/owed.hpp"
#include "actors/detail/trouble.hpp"
#include "actors/storage/spool.hpp"
#include "messages/database.hpp"
#include "messages/spool_keeper.hpp"
#include "messages/sql_queue.hpp"

#include <caf/actor_clock.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace sluice {

struct sql_queue_config {
  caf::timespan interval = std::chrono::seconds{5};
  /// Writes, and bytes of SQL and parameters, that are applied by one commit.
  size_t batch_writes_max = 1000;
  size_t batch_bytes_max = 4'194'304;
  /// Bytes of SQL and parameters that may wait.
  size_t bytes_max = 67'108'864;
  /// On which windows end.
  detail::flush_grid grid = {};
  /// Keeps the writes until they are on disk; may be null.
  std::shared_ptr<sluice::spool> spool = nullptr;
  /// Is told when the spool's files are gone; may be null.
  spool_keeper_actor keeper = {};
  /// The file that the writer sets refused writes aside in.
  std::string dead_letter_file = {};
  /// Bytes of that file past which nothing more is taken in: what is refused must not
  /// fill the disk.
  uint64_t dead_letter_bytes_max = 67'108'864;
  /// What those before it have counted, and who is told what this one has; may be null.
  database_past past = {};
  database_heir_actor heir = {};
};

class sql_queue_state {
public:
  static inline const char* name = "sql-queue";

  explicit sql_queue_state(sql_queue_actor::pointer self) : self_(self) {}
  sql_queue_state(const sql_queue_state&) = delete;
  sql_queue_state& operator=(const sql_queue_state&) = delete;
  ~sql_queue_state();

  void init(sql_queue_config config, database_actor database);

  caf::result<queue_receipt> append(queue_request& x);
  caf::result<flush_report> flush();
  caf::result<durability> persist(uint64_t seq);
  sql_queue_stats stats() const;
  void on_tick(uint64_t generation);
  void on_synced(const queue_mark& mark);
  void on_recovered(const queue_mark& mark);
  status_report status() const;
  caf::result<stop_report> stop();

private:
  struct item {
    queued_write what;
    size_t bytes = 0;
    /// Held where there is no spool.
    credit charge;
    caf::actor_clock::time_point since;
    /// Came from the spool, and may be what ended the last start.
    bool restored = false;
  };

  // -- taking in -----------------------------------------------------------------
  caf::expected<durability> keep(const queue_request& x, uint64_t seq);
  void look_at_letters();
  caf::error check_letters();
  void apply_all();

  // -- applying ------------------------------------------------------------------
  void apply_if_due();
  void apply_next();
  bool wants_sync() const;
  void end_troubles();
  sql_batch next_batch();
  uint64_t last_of(const sql_batch& batch) const;
  void send(sql_batch batch);
  void on_outcome(const sql_batch_outcome& outcome);
  void on_applied(uint64_t seq);
  void note_on_disk(uint64_t seq);
  void on_failed(ec code, const std::string& detail);

  // -- bringing back -------------------------------------------------------------
  void adopt_id();
  void restore(const queue_mark& mark);
  void fall_back(const queue_mark& mark);
  std::deque<item> read_kept(uint64_t after, uint64_t up_to,
                             const queue_mark& mark) const;
  uint64_t put_in_front(std::deque<item> items, uint64_t applied);
  void begin_replay(item& front);
  void pause_replay();
  void end_replay();

  int64_t oldest_ms() const;
  void finish_if_drained();
  void finish(const std::string& detail);

  sql_queue_actor::pointer self_;
  sql_queue_config config_;
  database_actor database_;
  coalesce::lane lane_;
  /// Under which the numbers are given: the spool's identity, or the run's own.
  std::string id_;
  /// The database's identity, once it is known.
  std::string database_id_;
  /// Whether the database's mark is known, and what the spool held is back.
  bool ready_ = false;

  /// Of the last write taken in, done with, and synced.
  coalesce::progress progress_;
  /// The database's own mark, as last seen, and as far as it was told to be on disk.
  uint64_t held_ = 0;
  uint64_t held_on_disk_ = 0;

  /// What is not committed yet, in flight included.
  std::deque<item> waiting_;
  size_t bytes_ = 0;
  coalesce::flight flight_;
  detail::alarm alarm_;
  /// The database's mark must be asked for: it may have fallen back.
  bool recheck_ = false;

  /// Restored writes that are applied one by one, since one of them ended a start.
  size_t careful_ = 0;
  bool replaying_ = false;
  /// The database has shown that it can be written and synced. Who dies while that waits
  /// for a lock or a disk does not die of what was to be applied.
  bool proven_ = false;

  detail::trouble disk_trouble_{"sql-queue-write-failed"};
  detail::trouble blocked_{"sql-queue-blocked"};
  detail::trouble lost_{"sql-queue-lost"};
  uint64_t failures_ = 0;
  /// Whether the file of refused writes was full when it was looked at.
  bool letters_full_ = false;
  uint64_t letters_refused_ = 0;
  sql_queue_stats stats_;

  std::optional<detail::owed<stop_report>> stopping_;
  uint64_t applied_before_stop_ = 0;
};

sql_queue_actor::behavior_type
sql_queue(sql_queue_actor::stateful_pointer<sql_queue_state> self,
          sql_queue_config config, database_actor database);

} // namespace sluice

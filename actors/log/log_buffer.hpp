// A LOG BUFFER holds one log's lines and lets them through in few large writes.
// Clients append chunks, one line or thousands; the log writer gets one batch a
// flush, and at most one is in flight, so the order of the lines is the order in
// which they were accepted.
//
// A flush is due when `max_entries` lines or `max_bytes` wait, when the oldest has
// waited `flush_interval`, or when somebody asks. What the disk refuses stays here,
// is tried again with a growing pause, and follows in order.
//
// With a spool, lines are in it before they are acknowledged, and a buffer begins with
// what the one before it, in this process or a killed one, left there.
#pragma once

#include "actors/coalesce/flight.hpp"
#include "actors/coalesce/lane.hpp"
#include "actors/coalesce/progress.hpp"
#include "actors/detail/alarm.hpp"
#include "actors/detail/ledger_page.hpp"
#include "actors/detail/owed.hpp"
#include "actors/detail/sync_watch.hpp"
#include "actors/detail/trouble.hpp"
#include "actors/log/line_batch.hpp"
#include "actors/storage/spool.hpp"
#include "messages/log_buffer.hpp"
#include "messages/log_writer.hpp"
#include "messages/spool_keeper.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <optional>
#include <string>

namespace sluice {

struct log_buffer_config {
  /// The log's name.
  std::string log;
  uint64_t max_entries = 100;
  uint64_t max_bytes = 65'536;
  caf::timespan flush_interval = std::chrono::seconds{5};
  /// Sync with every flush, not only when asked.
  bool sync = false;
  /// While the spool has room, count and bytes give way to the interval, so that the
  /// writes per minute do not grow with the load.
  bool adaptive = false;
  /// On which windows end.
  detail::flush_grid grid = {};
  /// Keeps the lines until they are on disk; may be null.
  std::shared_ptr<sluice::spool> spool = nullptr;
  /// Is told when the spool's files are gone; may be null.
  spool_keeper_actor keeper = {};
  /// What an earlier buffer of the log has counted: this one goes on from there.
  log_past past = {};
  /// Is told what this one has counted when it dies; may be null.
  log_heir_actor heir = {};
  /// What the spool holds was counted as accepted in this process already.
  bool counted = false;
};

class log_buffer_state {
public:
  static inline const char* name = "log-buffer";

  explicit log_buffer_state(log_buffer_actor::pointer self) : self_(self) {}
  log_buffer_state(const log_buffer_state&) = delete;
  log_buffer_state& operator=(const log_buffer_state&) = delete;
  ~log_buffer_state();

  void init(log_buffer_config config, log_writer_actor writer,
            metrics_aggregator_actor metrics);

  caf::result<log_receipt> append(log_chunk& chunk);
  caf::result<flush_report> flush();
  caf::result<durability> persist(uint64_t seq);
  caf::result<log_tail> tail(const tail_bounds& wanted);
  log_stats stats() const;
  void apply(const log_limits& limits);
  void attach(log_writer_actor writer);
  void on_tick(uint64_t generation);
  void on_check(uint64_t generation);
  caf::result<caf::timespan> idle() const;
  caf::result<log_past> retire();
  metrics_report collect();
  status_report status() const;
  caf::result<stop_report> stop();

private:
  // -- the spool (log_buffer_spool.cpp) --------------------------------------------
  caf::expected<durability> keep(log_chunk& chunk, caf::actor_clock::time_point now);
  void restore();
  bool can_wait() const;
  durability level_now() const;

  // -- writing -------------------------------------------------------------------
  bool is_due();
  void write_if_due();
  void send_batch();
  void on_outcome(const log_outcome& outcome);
  void on_written();
  void on_write_failed(ec code, std::string detail);

  // -- syncing -------------------------------------------------------------------
  void sync_if_wanted();
  void end_sync();
  void on_synced(uint64_t seq, const io_counts& io);
  void on_sync_failed(const caf::error& reason);

  // -- telling (log_buffer_status.cpp) ---------------------------------------------
  void go_on_from(const log_past& past);
  std::string held_lines() const;
  uint64_t held_count() const;
  uint64_t buffered_bytes() const;
  int64_t oldest_ms() const;
  void spent(const io_counts& io);
  void push_metrics();

  // -- ending --------------------------------------------------------------------
  void finish_if_drained();
  bool holds_nothing() const;

  log_buffer_actor::pointer self_;
  log_buffer_config config_;
  log_writer_actor writer_;
  metrics_aggregator_actor metrics_;

  /// Of the last line taken in, brought to the file, and synced.
  coalesce::progress progress_;
  /// Lines of buffers that died, which were in memory alone and have no numbers now.
  uint64_t accepted_before_ = 0;
  /// What died unwritten with the buffer before, and is nowhere: those after the first.
  uint64_t lost_after_ = 0;
  uint64_t lost_up_to_ = 0;
  /// When lines came, or were asked for, last.
  caf::actor_clock::time_point used_;

  coalesce::lane lane_;
  waiting_lines waiting_;
  std::optional<travelling_lines> in_flight_;
  /// Where the file ended when the writer last told.
  caf::optional<file_position> end_;
  coalesce::flight flight_;
  detail::alarm alarm_;
  bool syncing_ = false;
  uint64_t sync_ = 0;

  detail::trouble write_trouble_{"log-write-failed"};
  detail::trouble sync_trouble_{"log-sync-failed"};
  detail::sync_watch sync_watch_{"log-sync-slow"};
  uint64_t failures_ = 0;

  metrics_delta delta_;
  detail::ledger_page booked_{"log"};
  uint64_t total_writes_ = 0;
  uint64_t total_bytes_ = 0;
  int64_t last_flush_at_ms_ = 0;

  std::optional<detail::owed<stop_report>> stopping_;
  uint64_t written_before_stop_ = 0;
};

log_buffer_actor::behavior_type
log_buffer(log_buffer_actor::stateful_pointer<log_buffer_state> self,
           log_buffer_config config, log_writer_actor writer,
           metrics_aggregator_actor metrics);

} // namespace sluice

// The CHECKPOINT SCHEDULER decides when the SQLITE WRITER moves the WAL into the
// database. While frames wait, it does so an interval after the first of them, or once
// they are many. When the database rests, or the WAL file is too long, it also cuts the
// file. A checkpoint that readers starve is told, and tried again ever more rarely; once
// the WAL is far too long, readers are held back for it. With nothing in the WAL no timer
// runs.
#pragma once

#include "actors/detail/owed.hpp"
#include "actors/detail/window_timer.hpp"
#include "messages/checkpoint_scheduler.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <optional>
#include <string>
#include <utility>

namespace sluice {

struct checkpoint_scheduler_config {
  /// From the first frame that waits.
  caf::timespan interval = std::chrono::minutes{5};
  /// How the interval and the size below checkpoint.
  checkpoint_mode mode = checkpoint_mode::passive;
  /// Bytes of waiting frames that are moved at once.
  int64_t checkpoint_bytes = 4'194'304;
  /// How long a checkpoint may wait for readers, the writer waiting with it.
  caf::timespan budget = std::chrono::milliseconds{250};
  /// Bytes of WAL past which its file is cut. At twice this, readers that starve the
  /// checkpoint are held back for it. At four times this, it is not well.
  int64_t journal_size_limit = 67'108'864;
  /// From one try to the next while readers starve the checkpoint; doubled each time.
  caf::timespan retry_pause_min = std::chrono::seconds{1};
  caf::timespan retry_pause_max = std::chrono::minutes{1};
};

class checkpoint_scheduler_state {
public:
  static inline const char* name = "checkpoint-scheduler";

  explicit checkpoint_scheduler_state(checkpoint_scheduler_actor::pointer self)
      : self_(self) {}

  void init(checkpoint_scheduler_config cfg, sqlite_writer_actor writer);

  void on_wal(const wal_state& now);
  caf::result<checkpoint_report> checkpoint(checkpoint_mode mode);
  void attach(quiet_checkpointer_actor quiet) { quiet_ = std::move(quiet); }
  void on_tick(uint64_t generation);
  status_report status() const;
  caf::result<stop_report> stop();

private:
  using time_point = caf::actor_clock::time_point;
  using answer = detail::owed<checkpoint_report>;

  struct plan {
    time_point at;
    checkpoint_mode mode;
    /// Whether readers are held back.
    bool in_quiet = false;
  };

  /// What keeps checkpoints from being whole.
  struct obstacle {
    time_point since;
    int64_t since_ms;
    /// What SQLite said, or empty while readers starve it.
    std::string failure;
    caf::timespan pause;
    time_point retry_at;
    /// Whether it is still there when readers are held back.
    bool in_quiet = false;
  };

  std::optional<plan> next() const;
  void reconsider();
  bool needs_quiet() const;
  template <class Handle>
  void ask(const Handle& whom, checkpoint_mode mode, answer promise);
  void on_report(const checkpoint_report& report);
  void on_failure(const caf::error& err);
  void hinder(std::string failure);
  void on_end();
  int64_t waiting_frames() const { return wal_.frames - wal_.checkpointed; }
  int64_t waiting_bytes() const;
  alert alert_of(const obstacle& x) const;

  checkpoint_scheduler_actor::pointer self_;
  checkpoint_scheduler_config cfg_;
  sqlite_writer_actor writer_;
  quiet_checkpointer_actor quiet_;
  wal_state wal_;
  time_point first_waiting_at_;
  time_point last_commit_at_;
  detail::window_timer timer_;
  time_point timer_at_;
  std::optional<obstacle> obstacle_;
  /// Checkpoints that were asked for and not answered yet.
  uint64_t running_ = 0;
  uint64_t checkpoints_ = 0;
  uint64_t starved_ = 0;
  uint64_t held_back_ = 0;
  bool stopping_ = false;
  detail::owed<stop_report> stopped_;
};

caf::error validate(const checkpoint_scheduler_config& cfg);

/// Attaches itself to the writer's WAL.
checkpoint_scheduler_actor::behavior_type checkpoint_scheduler(
  checkpoint_scheduler_actor::stateful_pointer<checkpoint_scheduler_state> self,
  checkpoint_scheduler_config cfg, sqlite_writer_actor writer);

} // namespace sluice

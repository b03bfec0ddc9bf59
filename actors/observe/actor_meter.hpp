// An ACTOR METER counts what one actor does, without a message and without a lock: those
// who send to it count in, its own thread counts out, and anybody may read.
//
// Two readings of the exact clock cost as much as many a message's handling (37 ns each
// where this was measured), so that not every message is timed. Timed are: the first one
// after each tick of the kernel's coarse clock (1 to 10 ms), for itself; of the others
// each seventh, for seven; and by the coarse clock itself whatever takes two ticks or
// longer, so that no long one is missed.
#pragma once

#include "messages/directory.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice {

/// Who an actor is, besides its name.
struct actor_label {
  /// What it serves (a log's name), or empty.
  std::string key = {};
  /// Who started it; 0 if no actor did.
  uint64_t parent = 0;
  /// How often it was started anew.
  uint64_t restarts = 0;
  /// What the one before it died of.
  std::string last_error = {};
};

/// Now, by the coarse clock, in ns.
uint64_t coarse_now();

/// What a meter showed at one moment.
struct meter_reading {
  /// Messages that wait; the one that is being handled does not.
  uint64_t mailbox = 0;
  uint64_t handled = 0;
  uint64_t skipped = 0;
  /// Time spent on messages that are done; and on the one that runs, so far.
  uint64_t busy_ns = 0;
  uint64_t running_ns = 0;
  uint64_t max_ns = 0;
  /// Since when the running message runs; 0 if none does. By the coarse clock, as below.
  uint64_t running_since = 0;
  /// Since when the mailbox was never empty; 0 if it is.
  uint64_t waiting_since = 0;
  time_buckets buckets = {};
};

class actor_meter {
public:
  /// `name` is the actor's file name in kebab case (`log-buffer`).
  actor_meter(std::string name, actor_label label);

  const std::string name;
  const actor_label label;
  const int64_t started_ms;

  // -- by the spawner, before anybody else sees it -----------------------------------

  void name_actor(uint64_t id) { id_.store(id, std::memory_order_relaxed); }

  // -- by senders ---------------------------------------------------------------------

  void queued();

  // -- by the actor -------------------------------------------------------------------

  /// A message that is being handled.
  struct start {
    uint64_t coarse;
    uint64_t exact;
  };

  start begin();
  void end(start begun, bool skipped);
  void ended() { ended_.store(true, std::memory_order_relaxed); }

  // -- by anybody ---------------------------------------------------------------------

  uint64_t id() const { return id_.load(std::memory_order_relaxed); }
  bool has_ended() const { return ended_.load(std::memory_order_relaxed); }
  meter_reading read() const;

private:
  void record(uint64_t ns, uint64_t weight);

  std::atomic<uint64_t> id_{0};
  std::atomic<bool> ended_{false};

  alignas(64) std::atomic<uint64_t> queued_{0};
  std::atomic<uint64_t> waiting_since_{0};

  // Written by the actor's thread alone: no locked instruction.
  alignas(64) std::atomic<uint64_t> handled_{0};
  std::atomic<uint64_t> running_since_{0};
  std::atomic<uint64_t> skipped_{0};
  std::atomic<uint64_t> busy_ns_{0};
  std::atomic<uint64_t> max_ns_{0};
  uint64_t timed_at_ = 0;
  uint64_t untimed_ = 0;
  std::array<std::atomic<uint64_t>, std::tuple_size_v<time_buckets>> buckets_{};
};

using actor_meter_ptr = std::shared_ptr<const actor_meter>;

} // namespace sluice

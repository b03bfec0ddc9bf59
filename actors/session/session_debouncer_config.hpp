// What the session debouncer is told when it is started.
#pragma once

#include "actors/detail/clock_watch.hpp"
#include "actors/detail/flush_grid.hpp"
#include "actors/detail/wall_clock.hpp"
#include "actors/storage/file_rights.hpp"
#include "actors/storage/spool.hpp"
#include "messages/session_debouncer.hpp"
#include "messages/spool_keeper.hpp"

#include <caf/timespan.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace sluice {

struct session_debouncer_config {
  /// Window from a store's first unwritten update.
  caf::timespan debounce = std::chrono::seconds{2};
  /// False: every update is written at once.
  bool debounced = true;
  /// Sessions waiting in a store before an early flush.
  uint64_t max_pending = 10;
  /// Whether that gives way to the window while the spool has room.
  bool adaptive = false;
  /// Stores that may hold updates that are not written yet, and that are known to
  /// memory.
  uint64_t max_stores = 1000;
  /// Where stores are files, and how many may be there before a new store is refused;
  /// empty: they are none.
  std::string files_directory = {};
  uint64_t files_max = 200'000;
  /// On which windows end.
  detail::flush_grid grid = {};
  /// Age up to which a read is answered from memory; 0: never.
  caf::timespan cache_ttl = std::chrono::seconds{45};
  /// Whether maintenance removes, while the clocks allow it, or only tells.
  bool enforce_maintenance = false;
  caf::timespan prune_after = std::chrono::hours{720};
  /// Documents a store may keep.
  uint64_t max_entries = 500;
  /// Keys and documents of a store, unwritten ones included.
  uint64_t max_store_bytes = uint64_t{64} * 1024 * 1024;
  /// Keeps what is accepted and not written yet; null: memory alone does.
  std::shared_ptr<sluice::spool> spool = nullptr;
  /// Is told when the spool's files are gone; may be null.
  spool_keeper_actor keeper = {};
  /// Counted so far, the spool's content too if `counted`; the next one goes on from it.
  bool counted = false;
  std::shared_ptr<session_stats> totals = std::make_shared<session_stats>();
  /// Where records of the spool go that cannot be read (as `set-aside.ndjson`).
  std::string set_aside_directory = {};
  file_rights rights = {};
  /// Time of day in ms since 1970.
  std::function<int64_t()> wall_now_ms = detail::wall_clock_ms;
  /// Beside it, what tells whether it can be trusted.
  std::function<int64_t()> boot_now_ms = detail::boot_clock_ms;
  std::function<bool()> clock_synchronised = detail::clock_synchronised;
};

} // namespace sluice

// A PERSIST ROUND brings to disk what everybody holds: at a start, what the spool kept;
// and when the spool's files are gone, what only memory has. Each is tried once.
#pragma once

#include "messages/supervisor.hpp"

#include <caf/timespan.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <string>
#include <vector>

namespace sluice {

struct log_entry {
  std::string name;
  log_buffer_actor buffer;
};

/// Those who hold something.
struct persist_targets {
  std::vector<log_entry> logs;
  session_debouncer_actor sessions;
  /// The session stores concerned.
  std::vector<std::string> stores;
  sql_queue_actor queue = {};
  /// Whether a log's buffer ended in order, with all of it on disk, while it was asked.
  std::function<bool(const log_entry&)> has_retired = [](const log_entry&) {
    return false;
  };
};

/// Asks each, waiting at most `patience`; then calls `done` with what failed, in words.
void persist_all(supervisor_actor::pointer self, const persist_targets& who,
                 caf::timespan patience,
                 std::function<void(const std::vector<std::string>&)> done);

} // namespace sluice

// What can be asked of a running service from outside, over CAF's own protocol. This is
// all that there is: no other actor can be reached, and no other message gets through.
//
// What travels is named in app/introspection/wire.cpp. A change here makes another
// version, which the other side notices by the interface that is offered.
#pragma once

#include "messages/database.hpp"
#include "messages/directory.hpp"
#include "messages/durability.hpp"
#include "messages/log_buffer.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/session_debouncer.hpp"
#include "messages/settings.hpp"
#include "messages/sql_queue.hpp"
#include "messages/ws_batcher.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

// What only those outside say.
CAF_BEGIN_TYPE_ID_BLOCK(sluice_introspection, caf::first_custom_type_id + 200)
CAF_ADD_ATOM(sluice_introspection, sluice::atom, database, "database")
CAF_ADD_ATOM(sluice_introspection, sluice::atom, restart, "restart")
CAF_END_TYPE_ID_BLOCK(sluice_introspection)

namespace sluice {

/// How the service is, as a whole.
struct service_status {
  std::string version;
  uint64_t process = 0;
  std::string data_dir;
  int64_t uptime_ms = 0;
  std::vector<status_report> survey;
  metrics_totals totals;

  bool operator==(const service_status&) const = default;
};

/// A report, and the actor that it is from.
struct told_state {
  uint64_t id = 0;
  status_report told;

  bool operator==(const told_state&) const = default;
};

struct actor_listing {
  std::vector<actor_entry> actors;
  /// Of those that were asked and have told.
  std::vector<told_state> states;

  bool operator==(const actor_listing&) const = default;
};

struct database_numbers {
  database_stats database;
  sql_queue_stats queue;

  bool operator==(const database_numbers&) const = default;
};

enum class flush_target : uint8_t {
  logs = 0,
  sessions = 1,
  queue = 2,
  websocket = 3,
  all = 4
};

inline std::string to_string(flush_target what) {
  switch (what) {
    case flush_target::logs:
      return "logs";
    case flush_target::sessions:
      return "sessions";
    case flush_target::queue:
      return "queue";
    case flush_target::websocket:
      return "websocket";
    case flush_target::all:
      return "all";
  }
  return "unknown";
}

using introspection_actor = caf::typed_actor<
  /// Surveys the actors, and adds up what they did.
  caf::replies_to<atom::survey>::with<service_status>,
  /// Lists all actors; with their own states if so asked.
  caf::replies_to<atom::actors, bool>::with<actor_listing>,
  /// The numbers of each log.
  caf::replies_to<atom::logs>::with<std::vector<named_log_stats>>,
  /// The numbers of the sessions.
  caf::replies_to<atom::stores>::with<session_stats>,
  /// The numbers of the database and of the SQL queue.
  caf::replies_to<atom::database>::with<database_numbers>,
  /// The numbers of each client on a WebSocket.
  caf::replies_to<atom::clients>::with<std::vector<ws_connection_stats>>,
  /// The current window of measurements.
  caf::replies_to<atom::snapshot>::with<metrics_window>,
  /// The finished windows, oldest first.
  caf::replies_to<atom::history>::with<std::vector<metrics_window>>,
  /// What each log, each store and the database asked for and cost.
  caf::replies_to<atom::ledger>::with<ledger_report>,
  /// Lets through what waits; answers once it is where it was going.
  caf::replies_to<atom::flush, flush_target>::with<flush_report>,
  /// Checkpoints now.
  caf::replies_to<atom::checkpoint, checkpoint_mode>::with<checkpoint_report>,
  /// The setting of that key, or without one all of them.
  caf::replies_to<atom::get, std::string>::with<std::vector<setting>>,
  /// Sets a key for this person, from its next window on; or changes nothing.
  caf::replies_to<atom::put, std::string, std::string, std::string>::with<setting>,
  /// Has an actor, by its name, its name and key, or its id, started anew as if it had
  /// died; answers with its name.
  caf::replies_to<atom::restart, std::string>::with<std::string>,
  /// Ends an alert that stands until somebody acknowledges it.
  caf::replies_to<atom::confirm, std::string>::with<bool>>;

/// What the socket has done with those who came, for the introspection to tell.
struct introspection_counts {
  std::atomic<uint64_t> connections = 0;
  /// Another user, one too many, or one too soon.
  std::atomic<uint64_t> refused_peers = 0;
  /// Whoever talked nonsense, too much, or too fast.
  std::atomic<uint64_t> closed_peers = 0;
  /// Messages to others than the introspection, exits and downs included.
  std::atomic<uint64_t> dropped_messages = 0;
  /// Through a gate, too many for all of its clients together.
  std::atomic<uint64_t> refused_requests = 0;
  /// The socket's own actors died, and were started anew.
  std::atomic<uint64_t> socket_restarts = 0;
  /// How often the system let nobody in, and since when it does, in ms since 1970; 0: it
  /// lets them in.
  std::atomic<uint64_t> failed_accepts = 0;
  std::atomic<int64_t> failing_since_ms = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, service_status& x) {
  return f(caf::meta::type_name("service_status"), x.version, x.process, x.data_dir,
           x.uptime_ms, x.survey, x.totals);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, told_state& x) {
  return f(caf::meta::type_name("told_state"), x.id, x.told);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, actor_listing& x) {
  return f(caf::meta::type_name("actor_listing"), x.actors, x.states);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, database_numbers& x) {
  return f(caf::meta::type_name("database_numbers"), x.database, x.queue);
}

} // namespace sluice

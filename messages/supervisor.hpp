// The SUPERVISOR starts all actors in dependency order, makes a buffer for each
// log that is asked for, and stops all of them upstream first.
#pragma once

#include "messages/database.hpp"
#include "messages/directory.hpp"
#include "messages/introspection.hpp"
#include "messages/log_buffer.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/session_backend.hpp"
#include "messages/session_debouncer.hpp"
#include "messages/sql_queue.hpp"
#include "messages/topic_hub.hpp"
#include "messages/ws_batcher.hpp"

#include <string>
#include <vector>

namespace sluice {

/// What a start took over from a service that died.
struct replayed {
  /// `log app`, `session store main`, ...
  std::string what;
  uint64_t items = 0;

  bool operator==(const replayed&) const = default;
};

/// The actors that every client talks to.
struct subsystems {
  session_debouncer_actor sessions;
  database_actor database;
  metrics_aggregator_actor metrics;
  sql_queue_actor queue;
  topic_hub_actor topics;
  directory_actor directory;
  introspection_actor introspection;
  /// Where the sessions are, and what was brought there.
  session_conversion conversion = {};
  /// What the start replayed, and what of it could not be brought to disk yet, in words.
  std::vector<replayed> replay;
  std::vector<std::string> unplaced;
  /// What of others' is tied to the service's own tables in the database, in words.
  std::string ties = {};

  bool operator==(const subsystems&) const = default;
};

/// Whoever talks to the subsystems.
using subsystems_listener_actor = caf::typed_actor<
  /// Some of them have been started anew.
  caf::reacts_to<atom::attach, subsystems>>;

/// Whoever can be asked how it is, and is no child of the supervisor's.
using guest_actor = caf::typed_actor<
  /// Tells its state and its alerts. Never waits for anything.
  caf::replies_to<atom::status>::with<status_report>>;

/// Whoever appends to logs, and keeps the handles of their buffers.
using log_user_actor = caf::typed_actor<
  /// Lets go of the buffers of these logs; answers once nothing more will be appended
  /// through them.
  caf::replies_to<atom::forget, std::vector<std::string>>::with<bool>>;

/// The INTROSPECTION as those in the process know it.
using local_introspection_actor =
  introspection_actor::extend_with<subsystems_listener_actor>::extend_with<managed_actor>;

using supervisor_actor = caf::typed_actor<
  /// Starts the subsystems and brings to disk what a spool holds of an earlier run;
  /// answers once each can work.
  caf::replies_to<atom::start>::with<subsystems>,
  /// Returns the buffer of a log for lines to be appended, making it if need be;
  /// `overloaded` if as many logs as there may be hold something. A buffer ends when its
  /// place is needed: whoever keeps the handle is a log user that is attached.
  caf::replies_to<atom::open, std::string>::with<log_buffer_actor>,
  /// Tells the numbers of a log that has been written to, or `not_found`.
  caf::replies_to<atom::stats, std::string>::with<log_stats>,
  /// Returns the last lines of such a log.
  caf::replies_to<atom::tail, std::string, tail_bounds>::with<log_tail>,
  /// Answers once every line of such a log is in its file.
  caf::replies_to<atom::flush, std::string>::with<flush_report>,
  /// Answers once every line of such a log up to this number is on disk.
  caf::replies_to<atom::persist, std::string, uint64_t>::with<durability>,
  /// Makes the batcher of a client that has come in.
  caf::replies_to<atom::connect, ws_connection>::with<ws_batcher_actor>,
  /// Lists the batchers of all clients that are there.
  caf::replies_to<atom::clients>::with<std::vector<ws_batcher_actor>>,
  /// Tells the numbers of each log that this run knows of, by name.
  caf::replies_to<atom::logs>::with<std::vector<named_log_stats>>,
  /// Asks every actor for its status; one that does not answer in time is told as
  /// an alert.
  caf::replies_to<atom::survey>::with<std::vector<status_report>>,
  /// Brings everything accepted so far to disk, or says what could not be.
  caf::replies_to<atom::persist>::with<bool>,
  /// Ends an actor, by its name, its name and key, or its id, and starts it anew as after
  /// a death; answers with its name.
  caf::replies_to<atom::restart, std::string>::with<std::string>,
  /// Ends an alert that stands until somebody acknowledges it; `not_found` if there is
  /// none of this id.
  caf::replies_to<atom::confirm, std::string>::with<bool>,
  /// Has everybody keep these settings from now on, those to come too.
  caf::reacts_to<atom::apply, live_settings>,
  /// Tells this one from now on which subsystems have been started anew.
  caf::reacts_to<atom::attach, subsystems_listener_actor>,
  /// Asks this one of that name in surveys too. Its death is the service's.
  caf::reacts_to<atom::attach, std::string, guest_actor>,
  /// Asks this one from now on before the buffer of a log ends.
  caf::reacts_to<atom::attach, log_user_actor>,
  // internal: looks for logs that nobody uses.
  caf::reacts_to<atom::tick>,
  // internal: tries again to start those who could not be started.
  caf::reacts_to<atom::retry>,
  /// Answers at once, as long as it lives.
  caf::replies_to<atom::check>::with<bool>,
  /// Stops everything, upstream first; one report an actor.
  caf::replies_to<atom::stop>::with<std::vector<stop_report>>>::
  extend_with<log_heir_actor>::extend_with<database_heir_actor>::extend_with<
    metrics_heir_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, replayed& x) {
  return f(caf::meta::type_name("replayed"), x.what, x.items);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, subsystems& x) {
  return f(caf::meta::type_name("subsystems"), x.sessions, x.database, x.metrics, x.queue,
           x.topics, x.directory, x.introspection, x.conversion, x.replay, x.unplaced,
           x.ties);
}

} // namespace sluice

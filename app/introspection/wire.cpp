#include "app/introspection/wire.hpp"

#include "messages/introspection.hpp"

#include <caf/io/middleman.hpp>

#include <string>
#include <vector>

namespace sluice::wire {

void speak(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  config.set("middleman.app-identifiers",
             std::vector<std::string>{"sluice-introspection"});
  // What comes is small and rare: read where it arrives, without helpers.
  config.set("middleman.workers", size_t{0});
  config.add_message_type<flush_target>("sluice::flush_target")
    .add_message_type<checkpoint_mode>("sluice::checkpoint_mode")
    .add_message_type<service_status>("sluice::service_status")
    .add_message_type<actor_listing>("sluice::actor_listing")
    .add_message_type<std::vector<named_log_stats>>("sluice::log_stats")
    .add_message_type<session_stats>("sluice::session_stats")
    .add_message_type<database_numbers>("sluice::database_numbers")
    .add_message_type<std::vector<ws_connection_stats>>("sluice::client_stats")
    .add_message_type<metrics_window>("sluice::metrics_window")
    .add_message_type<std::vector<metrics_window>>("sluice::metrics_windows")
    .add_message_type<ledger_report>("sluice::ledger_report")
    .add_message_type<setting>("sluice::setting")
    .add_message_type<std::vector<setting>>("sluice::settings")
    .add_message_type<flush_report>("sluice::flush_report")
    .add_message_type<checkpoint_report>("sluice::checkpoint_report");
}

} // namespace sluice::wire

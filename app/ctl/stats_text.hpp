// The answers of a service, for people, and those that HTTP has no page for, for
// programs.
#pragma once

#include "messages/introspection.hpp"

#include <string>
#include <vector>

namespace sluice::ctl {

std::string status_text(const service_status& x);
std::string logs_text(const std::vector<named_log_stats>& all);
std::string sessions_text(const session_stats& x);
std::string database_text(const database_numbers& x);
std::string clients_text(const std::vector<ws_connection_stats>& all);
std::string window_text(const metrics_window& x);
std::string history_text(const std::vector<metrics_window>& all);
std::string ledger_text(const ledger_report& x);
std::string checkpoint_text(const checkpoint_report& x);

std::string actors_json(const actor_listing& all);
std::string status_json(const service_status& x);
std::string logs_json(const std::vector<named_log_stats>& all);
std::string checkpoint_json(const checkpoint_report& x);
std::string setting_json(const setting& x);
std::string settings_json(const std::vector<setting>& all);

} // namespace sluice::ctl

// The numbers of the subsystems as JSON, for whoever asks over HTTP or with sluicectl.
#pragma once

#include "app/http/json_writer.hpp"
#include "messages/database.hpp"
#include "messages/log_buffer.hpp"
#include "messages/session_debouncer.hpp"
#include "messages/sql_queue.hpp"
#include "messages/ws_batcher.hpp"

#include <string>
#include <vector>

namespace sluice::http {

void write_log_stats(json_writer& json, const log_stats& x);

std::string sessions_json(const session_stats& x);

std::string database_json(const database_stats& x, const sql_queue_stats& queued);

/// An array, in the order in which they came.
std::string connections_json(std::vector<ws_connection_stats> all);

} // namespace sluice::http

// How far the queue came, kept in the database itself, so that the mark and what it
// stands for are committed together. One row a spool: numbers of another spool say
// nothing. The rows carry the database's own identity, made with the table.
#pragma once

#include "actors/storage/sqlite_connection.hpp"
#include "messages/session_store.hpp"
#include "messages/sql_batch.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <string>
#include <vector>

namespace sluice {

/// Returns what the database holds of this spool's queue.
caf::expected<queue_mark> read_mark(sqlite::connection& db, const std::string& spool);

/// Returns how far each session store came.
caf::expected<std::vector<session_store_info>> read_session_marks(sqlite::connection& db);

/// Notes it in the open transaction. A database without an identity gets one, which is
/// filled in.
caf::error write_mark(sqlite::connection& db, queue_mark& mark);

} // namespace sluice

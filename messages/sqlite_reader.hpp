// A SQLITE READER owns one read-only connection. It runs one query at a time,
// within limits of time and size, and holds no snapshot between two.
#pragma once

#include "messages/error.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/sql.hpp"
#include "messages/status.hpp"

namespace sluice {

using sqlite_reader_actor = caf::typed_actor<
  /// Runs one read-only statement; `refused` over the time or size limit.
  caf::replies_to<atom::query, sql_statement, sql_origin>::with<sql_result>,
  /// Closes the connection, so that the database can be proven; the next query
  /// opens it again.
  caf::replies_to<atom::close>::with<bool>>::extend_with<metered_actor>::
  extend_with<managed_actor>;

} // namespace sluice

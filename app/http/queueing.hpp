// SQL whose sender does not wait for its commit.
#pragma once

#include "app/http/edge.hpp"
#include "messages/sql.hpp"

namespace sluice::http {

/// Puts a write into the queue, and answers with its number and the level reached.
void enqueue(edge& e, const exchange_ptr& x, sql_write what);

} // namespace sluice::http

// What comes in as a statement's parameters, and becomes values of SQLite's. JSON has no
// word for some of those; they are objects of one member, the same as go out.
#pragma once

#include "actors/detail/json_reading.hpp"
#include "messages/sql.hpp"

#include <string>
#include <vector>

namespace sluice::json {

/// Reads an array of values, or an object of values by the names of their parameters.
caf::error read_params(dom::element x, const char* what, sql_row& values,
                       std::vector<std::string>& names);

/// Reads the next of a batch's rows: the first one decides whether all are arrays, or
/// objects of the same names, whose values then stand in the first one's order.
caf::error read_batch_row(dom::element x, sql_write& batch);

} // namespace sluice::json

// Runs a statement to its end and takes its rows, within a limit of bytes.
#pragma once

#include "actors/storage/sqlite_statement.hpp"

#include <caf/error.hpp>

#include <cstddef>

namespace sluice::sqlite {

/// Bytes that this value takes in memory, roughly.
size_t size_of(const sql_row& row);

/// Bytes of SQL and parameters.
size_t size_of(const sql_statement& x);
size_t size_of(const sql_write& x);

/// Adds the rows of a bound statement to `result`, drawing their bytes from
/// `bytes_left`; `refused` when those do not suffice.
caf::error collect(statement& x, size_t& bytes_left, sql_result& result);

} // namespace sluice::sqlite

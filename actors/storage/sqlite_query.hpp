// Runs a statement to its end and takes its rows, within a limit of bytes.
#pragma once

#include "actors/storage/sqlite_statement.hpp"
#include "messages/credit.hpp"

#include <caf/error.hpp>

#include <cstddef>

namespace sluice::sqlite {

/// Bytes that this value takes in memory, roughly.
size_t size_of(const sql_row& row);

/// Bytes of SQL and parameters.
size_t size_of(const sql_statement& x);
size_t size_of(const sql_write& x);

/// What the statements of one request may return, all together.
class result_room {
public:
  /// `held` holds what is taken.
  result_room(size_t bytes_max, credit held)
      : bytes_max_(bytes_max), held_(std::move(held)) {}

  /// `refused` past the limit, `overloaded` if it cannot be held now.
  caf::error take(const sql_row& row);

  /// The same, of the names of so many columns.
  caf::error take_names(size_t columns, size_t bytes);

private:
  caf::error take(size_t bytes, size_t in_memory);

  size_t bytes_max_;
  size_t taken_ = 0;
  /// What the rows take in memory, the allocator's own bytes included.
  size_t in_memory_ = 0;
  credit held_;
};

/// Adds the rows of a bound statement to `result`, and takes room for them.
caf::error collect(statement& x, result_room& room, sql_result& result);

} // namespace sluice::sqlite

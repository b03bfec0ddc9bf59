// How large a value may be in the statements of a connection. A program may run from its
// first operation to its last without looking at the time, and each may look at all of a
// value: so long programs get small values.
#pragma once

#include <climits>
#include <cstddef>

struct sqlite3;

namespace sluice::sqlite {

class value_limit {
public:
  /// @param db was opened just now, without a limit.
  void attach(sqlite3* db);
  void detach() { attach(nullptr); }

  /// From here on values have so many bytes at most, until `unbind`.
  void bind(size_t bytes_max);
  void unbind() { bind(INT_MAX); } // SQLite takes it for the most that it can

  /// For a statement that is compiled, or is taken from the cache with 0.
  void fit(size_t program_bytes);

  /// What holds for the statement that was prepared last.
  size_t bytes() const { return bytes_; }

private:
  void set(size_t bytes);

  sqlite3* db_ = nullptr;
  size_t bytes_max_ = INT_MAX;
  /// As SQLite has it now: to tell it costs a call.
  size_t bytes_ = INT_MAX;
};

} // namespace sluice::sqlite

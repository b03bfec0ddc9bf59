// SQL functions in the place of SQLite's own, whose time grows with the product of two
// arguments' sizes and which nothing ends: these give the same, in time that grows with
// the sum, or end when the connection's deadline has passed.
#pragma once

#include "actors/storage/sqlite_deadline.hpp"

#include <cstdint>
#include <string_view>

struct sqlite3;
struct sqlite3_context;
struct sqlite3_value;

namespace sluice::sqlite {

/// Registers them all. The deadline must outlive the connection. Returns SQLite's code.
int install_functions(sqlite3* db, const deadline& until);

/// Registers those that match patterns: LIKE and GLOB.
int install_matchers(sqlite3* db, const deadline& until);

/// Registers `json_patch`.
int install_json_patch(sqlite3* db);

/// Takes FTS5's `snippet` and `highlight` from a connection.
int refuse_snippets(sqlite3* db);

/// What the functions share.
using sql_function = void (*)(sqlite3_context*, int, sqlite3_value**);

/// Registers a function that depends on nothing but its arguments.
int install_function(sqlite3* db, const char* name, int arguments, sql_function what,
                     const void* data);

/// An argument's text as UTF-8; its data is null for NULL.
std::string_view utf8_of(sqlite3_value* x);

/// Looks at the time once in a while.
class patience {
public:
  explicit patience(const deadline& until) : until_(until) {}

  /// Whether it is over. To be asked with each step of work.
  bool is_over() { return ++steps_ % steps_per_look == 0 && until_.has_passed(); }

private:
  static constexpr uint32_t steps_per_look = 4096;

  const deadline& until_;
  uint32_t steps_ = 0;
};

/// Lets the function's statement end as one past its time.
void end_late(sqlite3_context* context);

} // namespace sluice::sqlite

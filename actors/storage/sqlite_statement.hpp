// A prepared statement in use, and the cache that keeps it prepared. A statement that
// is let go of is reset and holds no bindings: one left open would pin the WAL.
#pragma once

#include "messages/sql.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct sqlite3_stmt;

namespace sluice::sqlite {

class statement_cache;

class statement {
public:
  /// With a cache, the handle belongs to that, and is not finalized with this.
  explicit statement(sqlite3_stmt* handle, statement_cache* cache = nullptr)
      : handle_(handle), cache_(cache) {}
  statement(statement&& other) noexcept;
  statement& operator=(statement&&) = delete;
  ~statement();

  /// Hands the ownership of the handle to a cache, unless that has no memory for it.
  void leave_to(statement_cache& cache, std::string_view sql);

  /// Binds all parameters, by position or, with as many names, by those;
  /// `invalid_argument` unless they are exactly what it takes.
  caf::error bind(const sql_row& params, const std::vector<std::string>& names = {});

  /// Runs to the next row (true) or to the end (false).
  caf::expected<bool> step();

  /// Makes it ready to run again, with other parameters.
  void reset();

  /// Whether it can change nothing in the database.
  bool is_read_only() const;

  /// Bytes that its program takes.
  size_t memory() const;

  /// How many columns it has, how many bytes their names take, and those. Only after a
  /// step: the first one compiles the statement anew if the schema has changed since.
  size_t column_count() const;
  size_t column_bytes() const;
  std::vector<std::string> columns() const;
  sql_row row() const;

  /// A column of a row, as text; empty for NULL.
  std::string text(int column = 0) const;

private:
  caf::error check_names(const std::vector<std::string>& names) const;

  sqlite3_stmt* handle_;
  statement_cache* cache_;
};

/// Keeps the statements that were used last.
class statement_cache {
public:
  static constexpr size_t statements_max = 64;
  /// Longer SQL is rarely seen twice, and its program is large.
  static constexpr size_t sql_bytes_max = 4096;
  /// Short SQL may have a large one too: a view's, of views.
  static constexpr size_t memory_max = 65'536;
  static constexpr size_t bytes_max = statements_max * (sql_bytes_max + memory_max);

  statement_cache() = default;
  ~statement_cache();
  statement_cache(const statement_cache&) = delete;
  statement_cache& operator=(const statement_cache&) = delete;

  /// Returns the statement of exactly this text, or null.
  sqlite3_stmt* find(std::string_view sql);

  /// Keeps a statement, dropping the one not used for longest. What fails keeps nothing.
  void insert(std::string_view sql, sqlite3_stmt* handle);

  /// To be called once a statement was used: one that SQLite compiled anew meanwhile may
  /// be too large to be kept.
  void look_at(sqlite3_stmt* handle);

  void clear();

private:
  struct entry {
    std::string sql;
    sqlite3_stmt* handle;
  };

  /// The one used last is in front.
  std::list<entry> entries_;
  /// Its keys are views of the entries' texts.
  std::unordered_map<std::string_view, std::list<entry>::iterator> index_;
};

/// Returns the SQL behind blanks and comments.
std::string_view skip_blanks(std::string_view sql);

/// Whether this holds nothing to run: blanks, comments, semicolons.
bool is_blank(std::string_view sql);

} // namespace sluice::sqlite

#include "actors/storage/sqlite_lookups.hpp"

#include "actors/storage/sqlite_tokens.hpp"
#include "messages/error.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstddef>

namespace sluice::sqlite {

namespace {

/// Whatever SQL of this size names, `lookups_max` lets it pass: not worth reading.
constexpr size_t surely_few_bytes = 128;

/// SQLite's parser takes no more brackets within each other: what is deeper counts here.
constexpr size_t depth_max = 100;

/// A table's part, and that of an expression which sees none.
constexpr uint64_t units_per_table = 8;
constexpr uint64_t units_without = 1;

/// No two longer names are compared to their end, since no column has such a name.
constexpr size_t name_bytes_max = 1024;

/// A NATURAL JOIN looks for each column of a table, which may have 2,000 of 7 bytes.
constexpr uint64_t natural_bytes = 16'000;

/// What is in the schema is looked through again for each of its names, when something
/// is renamed.
constexpr uint64_t units_in_schema = 400;

/// One SELECT or the like.
struct scope {
  uint64_t bytes = 0;
  /// Of those before it within the same brackets.
  uint64_t bytes_before = 0;
  uint64_t tables = 0;
  /// Whether a comma means another table.
  bool in_from = false;
  /// Whether these brackets hold tables of the FROM around them.
  bool is_join = false;
};

template <size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::any_of(words.begin(), words.end(),
                     [word](std::string_view x) { return same_name(word, x); });
}

constexpr std::array begins = std::to_array<std::string_view>({"SELECT", "VALUES"});
constexpr std::array ends_from = std::to_array<std::string_view>(
  {"WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "SET"});
constexpr std::array before_table =
  std::to_array<std::string_view>({"FROM", "JOIN", ","});
constexpr std::array names_table =
  std::to_array<std::string_view>({"JOIN", "INTO", "UPDATE", "RETURNING"});

/// Numbers and operators.
constexpr std::string_view begins_no_name = "0123456789+-*/%=<>!|&~";

class reading {
public:
  void read(std::string_view word) {
    switch (word.front()) {
      case '(':
        open();
        break;
      case ')':
        close();
        break;
      case ';':
        end();
        break;
      case ',':
        now().tables += now().in_from ? 1 : 0;
        break;
      case '\'': // text
      case '.':
        break;
      case '"':
      case '`':
      case '[':
        add_name(word);
        break;
      default:
        read_plain(word);
    }
    before_ = word;
  }

  uint64_t total() {
    while (depth_ > 0)
      close();
    end();
    return total_;
  }

private:
  scope& now() { return scopes_[depth_]; }

  void add_name(std::string_view name) {
    now().bytes += 1 + std::min(name.size(), name_bytes_max);
    total_ += makes_schema_ ? units_in_schema : 0;
  }

  void open() {
    if (depth_ == depth_max) {
      ++deeper_;
      return;
    }
    auto in_join = now().is_join && before_ == "(";
    auto is_join = now().in_from && (in_join || is_one_of(before_, before_table));
    ++depth_;
    now() = {0, 0, is_join ? 1U : 0U, is_join, is_join};
  }

  /// What stood in brackets may name the tables around them too.
  void close() {
    if (deeper_ > 0 || depth_ == 0) {
      deeper_ -= deeper_ > 0 ? 1 : 0;
      return;
    }
    auto joined = now().is_join ? now().tables : 0;
    end();
    auto bytes = now().bytes_before;
    --depth_;
    now().bytes += bytes;
    now().tables += joined;
  }

  void end() {
    auto& x = now();
    total_ += x.bytes * std::max(units_without, x.tables * units_per_table);
    x = {0, x.bytes_before + x.bytes};
  }

  void read_plain(std::string_view word) {
    if (word.find_first_of(begins_no_name) == 0)
      return;
    if (sqlite3_keyword_check(word.data(), static_cast<int>(word.size())) == 0)
      return add_name(word);
    ++now().bytes;
    read_keyword(word);
  }

  void read_keyword(std::string_view word) {
    auto& x = now();
    if (is_one_of(word, begins)) {
      end();
    } else if (same_name(word, "FROM")) {
      if (same_name(before_, "DISTINCT")) // IS DISTINCT FROM
        return;
      x.in_from = true;
      ++x.tables;
    } else if (is_one_of(word, ends_from)) {
      x.in_from = false;
    } else if (is_one_of(word, names_table)) {
      x.tables += same_name(before_, "ON") ? 0 : 1; // ON UPDATE CASCADE
    } else if (same_name(word, "NATURAL")) {
      x.bytes += natural_bytes;
    } else if (same_name(word, "CREATE")) {
      makes_schema_ = true;
    }
  }

  std::array<scope, depth_max + 1> scopes_ = {};
  size_t depth_ = 0;
  size_t deeper_ = 0;
  uint64_t total_ = 0;
  std::string_view before_;
  bool makes_schema_ = false;
};

} // namespace

caf::error check_text(std::string_view sql, sql_origin origin) {
  if (sql.size() > INT_MAX)
    return caf::make_error(ec::too_large, "the SQL is too long");
  if (origin != sql_origin::user || sql.size() <= surely_few_bytes
      || lookups_of(sql) <= lookups_max)
    return caf::none;
  return caf::make_error(ec::too_large,
                         "the statement has too many names for so many tables, each to "
                         "be looked for in all of them: make several of it, and give "
                         "text as parameters, or in single quotes");
}

uint64_t lookups_of(std::string_view sql) {
  reading of;
  token_reader from{sql};
  for (auto word = from.next_as_written(); !word.empty(); word = from.next_as_written())
    of.read(word);
  return of.total();
}

} // namespace sluice::sqlite

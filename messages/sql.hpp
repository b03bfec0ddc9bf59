// SQL on its way to a database and back: values, statements, writes, results.
#pragma once

#include <caf/meta/type_name.hpp>
#include <caf/variant.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

struct sql_null {
  bool operator==(const sql_null&) const = default;
};

struct sql_blob {
  std::string bytes;

  bool operator==(const sql_blob&) const = default;
};

/// As SQLite knows them: NULL, INTEGER, REAL, TEXT, BLOB.
using sql_value = caf::variant<sql_null, int64_t, double, std::string, sql_blob>;

using sql_row = std::vector<sql_value>;

struct sql_statement {
  /// Exactly one statement.
  std::string sql;
  sql_row params;
  /// Names of the parameters, with their prefix (`:id`), as many as there are values;
  /// empty where they are given by position.
  std::vector<std::string> names = {};

  bool operator==(const sql_statement&) const = default;
};

/// Who wrote the SQL. Users' meets an authorizer; Sluice's own does not.
enum class sql_origin : uint8_t { user = 0, sluice = 1 };

inline std::string to_string(sql_origin x) {
  return x == sql_origin::user ? "user" : "sluice";
}

/// What is done as a whole or not at all.
struct sql_write {
  /// Run in order, each with its own parameters...
  std::vector<sql_statement> statements;
  /// ...or, when not empty, `statements[0].sql` run once for each row, with the
  /// statement's names.
  std::vector<sql_row> rows;
  sql_origin origin = sql_origin::user;

  bool operator==(const sql_write&) const = default;
};

struct sql_result {
  /// Empty unless the statement returns rows.
  std::vector<std::string> columns;
  std::vector<sql_row> rows;
  /// Rows changed by the statement itself, triggers not counted.
  int64_t changes = 0;
  int64_t last_insert_rowid = 0;

  bool operator==(const sql_result&) const = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_null&) {
  return f(caf::meta::type_name("sql_null"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_blob& x) {
  return f(caf::meta::type_name("sql_blob"), x.bytes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_statement& x) {
  return f(caf::meta::type_name("sql_statement"), x.sql, x.params, x.names);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_write& x) {
  return f(caf::meta::type_name("sql_write"), x.statements, x.rows, x.origin);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_result& x) {
  return f(caf::meta::type_name("sql_result"), x.columns, x.rows, x.changes,
           x.last_insert_rowid);
}

} // namespace sluice

// SQL on its way to a database and back: values, statements, writes, results.
#pragma once

#include "messages/credit.hpp"
#include "messages/sql_rows.hpp"

#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace sluice {

struct sql_statement {
  /// Exactly one statement.
  std::string sql;
  sql_row params;
  /// Names of the parameters, with their prefix (`:id`), as many as there are values;
  /// empty where they are given by position.
  std::vector<std::string> names = {};
  /// Holds the result of a query, as its rows come.
  credit room = {};

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
  sql_rows rows;
  sql_origin origin = sql_origin::user;
  /// Holds what the statements return, likewise.
  credit room = {};

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
typename Inspector::result_type inspect(Inspector& f, sql_statement& x) {
  return f(caf::meta::type_name("sql_statement"), x.sql, x.params, x.names, x.room);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_write& x) {
  return f(caf::meta::type_name("sql_write"), x.statements, x.rows, x.origin, x.room);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_result& x) {
  return f(caf::meta::type_name("sql_result"), x.columns, x.rows, x.changes,
           x.last_insert_rowid);
}

} // namespace sluice

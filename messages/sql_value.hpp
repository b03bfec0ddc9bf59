// Values of SQL, as SQLite knows them, and rows of these.
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

/// NULL, INTEGER, REAL, TEXT, BLOB.
using sql_value = caf::variant<sql_null, int64_t, double, std::string, sql_blob>;

using sql_row = std::vector<sql_value>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_null&) {
  return f(caf::meta::type_name("sql_null"));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, sql_blob& x) {
  return f(caf::meta::type_name("sql_blob"), x.bytes);
}

} // namespace sluice

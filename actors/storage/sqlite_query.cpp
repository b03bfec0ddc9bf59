#include "actors/storage/sqlite_query.hpp"

#include "messages/error.hpp"

namespace sluice::sqlite {

namespace {

struct payload {
  size_t operator()(const std::string& x) const { return x.size(); }
  size_t operator()(const sql_blob& x) const { return x.bytes.size(); }
  template <class T>
  size_t operator()(const T&) const {
    return 0;
  }
};

} // namespace

size_t size_of(const sql_row& row) {
  auto result = row.size() * sizeof(sql_value);
  for (const auto& value : row)
    result += caf::visit(payload{}, value);
  return result;
}

size_t size_of(const sql_statement& x) {
  auto result = x.sql.size() + size_of(x.params);
  for (const auto& name : x.names)
    result += name.size();
  return result;
}

size_t size_of(const sql_write& x) {
  size_t result = 0;
  for (const auto& statement : x.statements)
    result += size_of(statement);
  for (const auto& row : x.rows)
    result += size_of(row);
  return result;
}

caf::error collect(statement& x, size_t& bytes_left, sql_result& result) {
  auto more = x.step();
  if (more && result.columns.empty())
    result.columns = x.columns();
  for (; more && *more; more = x.step()) {
    auto row = x.row();
    auto bytes = size_of(row);
    if (bytes > bytes_left)
      return caf::make_error(ec::refused, "the result is larger than its limit");
    bytes_left -= bytes;
    result.rows.push_back(std::move(row));
  }
  return more ? caf::error{} : std::move(more.error());
}

} // namespace sluice::sqlite

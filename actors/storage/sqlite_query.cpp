#include "actors/storage/sqlite_query.hpp"

#include "messages/answer_room.hpp"
#include "messages/error.hpp"
#include "messages/sql_value_bytes.hpp"

#include <algorithm>

namespace sluice::sqlite {

namespace {

/// Held ahead, so that not every row asks the budget.
constexpr size_t ahead_bytes = 262'144;

constexpr size_t allocation_bytes = 16;

} // namespace

size_t size_of(const sql_row& row) {
  auto result = row.size() * sizeof(sql_value);
  for (const auto& value : row)
    result += payload_bytes(value);
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
  return result + x.rows.packed().size();
}

caf::error result_room::take(const sql_row& row) {
  const auto bytes = size_of(row);
  return take(bytes, bytes + sizeof row + allocation_bytes);
}

caf::error result_room::take_names(size_t columns, size_t bytes) {
  return take(bytes, bytes + columns * (sizeof(std::string) + allocation_bytes));
}

caf::error result_room::take(size_t bytes, size_t in_memory) {
  taken_ += bytes;
  in_memory_ += in_memory;
  if (taken_ > bytes_max_)
    return caf::make_error(ec::refused, "the result is larger than its limit");
  if (in_memory_ <= std::max(small_answer_bytes_max, held_.bytes()))
    return caf::none;
  return hold_answer(held_, in_memory_ + ahead_bytes);
}

caf::error collect(statement& x, result_room& room, sql_result& result) {
  auto more = x.step();
  if (const auto n = x.column_count(); more && n > 0 && result.columns.empty()) {
    if (auto err = room.take_names(n, x.column_bytes()))
      return err;
    result.columns = x.columns();
  }
  for (; more && *more; more = x.step()) {
    auto row = x.row();
    if (auto err = room.take(row))
      return err;
    result.rows.push_back(std::move(row));
  }
  return more ? caf::error{} : std::move(more.error());
}

} // namespace sluice::sqlite

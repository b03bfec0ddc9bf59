#include "actors/database/sql_codec.hpp"

#include "messages/error.hpp"

#include <algorithm>
#include <cstdint>

namespace sluice {

namespace {

/// The first version knew parameters by position only; it is still written where there
/// are no others, so that a version of Sluice that knows no more can read it.
constexpr uint8_t version_unnamed = 1;
constexpr uint8_t version_named = 2;

} // namespace

std::string encode(const sql_write& write, std::string_view database) {
  auto named = std::any_of(write.statements.begin(), write.statements.end(),
                           [](const sql_statement& x) { return !x.names.empty(); });
  std::string out;
  packing::encoder to{out};
  to.byte(named ? version_named : version_unnamed);
  to.text(database);
  to.byte(static_cast<uint8_t>(write.origin));
  to.number(write.statements.size());
  for (const auto& statement : write.statements) {
    to.text(statement.sql);
    to.row(statement.params);
    if (named)
      to.names(statement.names);
  }
  to.number(write.rows.size());
  out += write.rows.packed();
  return out;
}

caf::expected<stored_write> decode(std::string_view bytes) {
  packing::decoder from{bytes};
  auto version = from.byte();
  if (version != version_unnamed && version != version_named)
    return caf::make_error(ec::invalid_argument, "the record has version "
                                                   + std::to_string(version)
                                                   + ", which is unknown");
  stored_write result;
  result.database = from.text();
  auto origin = from.byte();
  if (origin > static_cast<uint8_t>(sql_origin::sluice))
    from.fail();
  result.write.origin = static_cast<sql_origin>(origin);
  auto statements = from.count();
  for (size_t i = 0; i < statements; ++i) {
    auto& statement = result.write.statements.emplace_back();
    statement.sql = from.text();
    from.row(statement.params);
    if (version == version_named)
      statement.names = from.names();
  }
  auto rows = from.count();
  result.write.rows = sql_rows::unpack(from, rows);
  if (!from.is_whole())
    return caf::make_error(ec::invalid_argument, "the record is damaged");
  return result;
}

} // namespace sluice

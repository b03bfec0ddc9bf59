// A queued write as bytes, for the spool: compact, and with its version in front, so
// that each version of Sluice can read what the one before it left behind.
#pragma once

#include "messages/sql.hpp"

#include <caf/expected.hpp>

#include <string>
#include <string_view>

namespace sluice {

struct stored_write {
  sql_write write;
  /// Identity of the database that the write was queued for; empty if it had none yet.
  std::string database;

  bool operator==(const stored_write&) const = default;
};

std::string encode(const sql_write& write, std::string_view database);

/// Reads what `encode` wrote; `invalid_argument` if it is anything else.
caf::expected<stored_write> decode(std::string_view bytes);

} // namespace sluice

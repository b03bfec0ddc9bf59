// A write that waits for its commit, and for its answer.
#pragma once

#include "actors/detail/owed.hpp"
#include "messages/sqlite_writer.hpp"

#include <caf/expected.hpp>

#include <cstddef>

namespace sluice {

struct write_request {
  sql_write write;
  /// What was asked for.
  durability level = durability::ram;
  /// Set by the commit; told when it is done.
  caf::expected<sql_receipt> outcome{ec::unavailable};
  detail::owed<sql_receipt> promise;
};

} // namespace sluice

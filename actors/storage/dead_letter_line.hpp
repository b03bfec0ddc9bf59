// One line of the dead letters: the request that the database refused, with its number
// and the error.
#pragma once

#include "messages/sql_batch.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct dead_letter {
  const queued_write* what = nullptr;
  std::string error;
};

/// LF included. It can be posted again: its members are those of the request.
std::string line_of(const std::string& spool, const dead_letter& letter, int64_t time_ms);

/// Whether it is a whole line, LF included, of whatever spool.
bool is_dead_letter(std::string_view line);

/// Whether it is the line of that write, whatever error it tells: each byte is as it was
/// written.
bool is_line_of(std::string_view line, const std::string& spool,
                const queued_write& what);

/// The number in a whole line, LF included, of that spool.
std::optional<uint64_t> number_of(std::string_view line, const std::string& spool);

} // namespace sluice

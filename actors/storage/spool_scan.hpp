// Goes through the records of a segment's bytes. `check_segment` believes nothing, and
// is for what an earlier life left; `each_record` is for what has been checked, or was
// written by ourselves.
#pragma once

#include "actors/storage/spool_format.hpp"
#include "actors/storage/spool_segment.hpp"

#include <cstring>
#include <string>
#include <string_view>

namespace sluice {

/// A copy of the record header at this place, length 0 if there is no record.
inline spool_format::record_header record_at(std::string_view segment, size_t offset) {
  spool_format::record_header result;
  if (offset + sizeof result <= segment.size())
    std::memcpy(&result, segment.data() + offset, sizeof result);
  return result;
}

/// Calls `visit(header, data)` for each record.
template <class Visit>
void each_record(std::string_view segment, Visit&& visit) {
  auto offset = sizeof(spool_format::segment_header);
  for (;;) {
    auto header = record_at(segment, offset);
    if (header.length == 0)
      return;
    visit(header, segment.substr(offset + sizeof header, header.length - sizeof header));
    offset += spool_format::aligned(header.length);
  }
}

/// What a mark or a lane record says; 0 bytes if the data is too short for it.
struct statement_found {
  spool_format::lane_statement said;
  spool_format::doubt_statement doubt;
  size_t bytes = 0;
};

statement_found statement_at(std::string_view data);

/// Returns what is wrong with the segment, or an empty text.
std::string check_segment(std::string_view segment, const spool_identity& identity,
                          uint64_t number);

} // namespace sluice

// A log's record in the spool is a chunk of whole lines, as it was accepted.
#pragma once

#include "actors/storage/spool.hpp"

#include <algorithm>
#include <cstdint>
#include <string>

namespace sluice {

/// Returns the record's lines that are numbered beyond `after` and up to `last`.
inline std::string lines_between(spool_record record, uint64_t after, uint64_t last) {
  auto text = std::move(record.data);
  const auto first = record.last_seq - record.count + 1;
  auto from = size_t{0};
  for (auto seq = first; seq <= after && from < text.size(); ++seq)
    from = text.find('\n', from) + 1;
  if (last < record.last_seq) {
    auto to = from;
    for (auto seq = std::max(first, after + 1); seq <= last; ++seq)
      to = text.find('\n', to) + 1;
    text.resize(to);
  }
  text.erase(0, from);
  return text;
}

} // namespace sluice

// Lines that travel together: those that wait for the next flush, and those that a
// flush has sent on its way.
#pragma once

#include "messages/log_buffer.hpp"
#include "messages/log_writer.hpp"

#include <caf/actor_clock.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

/// Returns the last n lines of a text of whole lines.
inline std::string last_lines(std::string text, uint64_t lines) {
  if (lines == 0)
    return {};
  auto newlines = uint64_t{0};
  for (auto i = text.size(); i-- > 0;)
    if (text[i] == '\n' && ++newlines > lines)
      return text.substr(i + 1);
  return text;
}

/// Lines that wait. The first one's arrival is the batch's age.
struct waiting_lines {
  std::string text;
  std::vector<credit> charges;
  uint64_t count = 0;
  caf::actor_clock::time_point since;

  void add(log_chunk& chunk, caf::actor_clock::time_point now) {
    if (count == 0) {
      since = now;
      text = std::move(chunk.lines);
    } else {
      text += chunk.lines;
    }
    count += chunk.count;
    if (chunk.charge.bytes() > 0)
      charges.push_back(std::move(chunk.charge));
  }
};

/// Lines on their way to the writer, or waiting there for another try.
struct travelling_lines {
  travelling_lines(waiting_lines lines, uint64_t last)
      : text{std::make_shared<const std::string>(std::move(lines.text))},
        charges(std::move(lines.charges)), count(lines.count), since(lines.since),
        last_seq(last) {}

  shared_bytes text;
  std::vector<credit> charges;
  uint64_t count;
  caf::actor_clock::time_point since;
  /// Number of the last line.
  uint64_t last_seq;
  /// Bytes at the front that are in the file.
  uint64_t written_bytes = 0;
  /// With the writer now, not between two tries.
  bool sent = false;

  uint64_t rest_bytes() const { return text.data->size() - written_bytes; }
};

} // namespace sluice

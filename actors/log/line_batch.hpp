// Lines that travel together: those that wait for the next flush, and those that a
// flush has sent on its way.
#pragma once

#include "messages/log_buffer.hpp"
#include "messages/log_writer.hpp"

#include <caf/actor_clock.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

inline uint64_t count_lines(std::string_view text) {
  return static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

/// Returns the last lines of a text of whole lines.
inline log_tail last_lines(std::string_view text, const tail_bounds& wanted) {
  log_tail result;
  auto begin = text.size();
  for (auto count = uint64_t{0}; count < wanted.lines && begin > 0; ++count) {
    const auto before = begin < 2 ? std::string_view::npos : text.rfind('\n', begin - 2);
    const auto next = before == std::string_view::npos ? 0 : before + 1;
    result.cut = text.size() - next > wanted.bytes;
    if (result.cut)
      break;
    begin = next;
  }
  result.lines = text.substr(begin);
  return result;
}

/// Lines that wait. The first one's arrival is the batch's age.
struct waiting_lines {
  std::string text;
  std::vector<credit> charges;
  uint64_t count = 0;
  caf::actor_clock::time_point since;
  /// Those of an earlier process: the number of each record's last line.
  std::vector<uint64_t> replayed;
  /// Some are not in the spool, though there is one.
  bool in_memory = false;

  void add(log_chunk& chunk, caf::actor_clock::time_point now) {
    if (count == 0)
      since = now;
    if (text.empty() && text.capacity() < chunk.lines.size())
      text = std::move(chunk.lines);
    else
      text += chunk.lines;
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
        replayed(std::move(lines.replayed)), last_seq(last) {}

  uint64_t first_seq() const { return last_seq - count + 1; }

  shared_bytes text;
  std::vector<credit> charges;
  uint64_t count;
  caf::actor_clock::time_point since;
  std::vector<uint64_t> replayed;
  /// Number of the last line.
  uint64_t last_seq;
  /// Bytes at the front that are in the file.
  uint64_t written_bytes = 0;
  /// Where somebody began to write them, if nobody knows how far that came.
  caf::optional<file_position> begun;

  /// Forgets the first lines, or, for none, the bytes that are written: what is left is
  /// a batch of its own.
  void drop_front(uint64_t lines) {
    auto from = lines == 0 ? written_bytes : uint64_t{0};
    for (uint64_t i = 0; i < lines; ++i)
      from = text.data->find('\n', from) + 1;
    text.data = std::make_shared<const std::string>(text.data->substr(from));
    count -= lines;
    written_bytes = 0;
  }

  uint64_t rest_bytes() const { return text.data->size() - written_bytes; }
};

} // namespace sluice

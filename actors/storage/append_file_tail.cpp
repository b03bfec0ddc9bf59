// What a file holds: a range of it, or its last lines, found from its end.

#include "actors/storage/append_file.hpp"
#include "actors/storage/file_io.hpp"
#include "actors/storage/read_range.hpp"
#include "actors/storage/system_error.hpp"
#include "messages/answer_room.hpp"
#include "messages/error.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace sluice {

namespace {

constexpr size_t block_bytes = 65'536;

} // namespace

caf::expected<std::string> append_file::read(uint64_t offset, uint64_t size,
                                             io_counts& io) const {
  return read_range(file_.get(), path_, offset, size, io);
}

/// Looks no further back than it takes to know that the next line is one too long.
caf::expected<append_file::line_start> append_file::start_of_last(uint64_t lines,
                                                                  uint64_t size,
                                                                  uint64_t bytes_max,
                                                                  io_counts& io) const {
  std::string block;
  line_start result{size, false};
  // The newline that ends the last line does not count, so n lines begin behind the
  // (n + 1)th newline from the end.
  auto newlines = uint64_t{0};
  for (auto from = size; from > 0;) {
    if (size - from > bytes_max)
      return line_start{result.offset, true};
    auto step = std::min<uint64_t>(block_bytes, from);
    block.resize(step);
    from -= step;
    if (read_at(file_.get(), block.data(), step, from, io) != static_cast<ssize_t>(step))
      return system_failure("read", path_, errno);
    if (from + step == size && block.back() != '\n')
      ++newlines;
    for (auto i = step; i-- > 0;) {
      if (block[i] != '\n')
        continue;
      const auto start = from + i + 1;
      if (size - start > bytes_max)
        return line_start{result.offset, true};
      result.offset = start;
      if (++newlines > lines)
        return result;
    }
  }
  if (size > bytes_max)
    return line_start{result.offset, true};
  return line_start{};
}

caf::expected<append_file::last_lines>
append_file::tail(uint64_t lines, uint64_t bytes_max, credit room, io_counts& io) const {
  // Asked of the system, since others may append too.
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0)
    return system_failure("stat", path_, errno);
  auto size = static_cast<uint64_t>(info.st_size);
  auto start = start_of_last(lines, size, bytes_max, io);
  if (!start)
    return std::move(start.error());
  if (auto err = hold_answer(room, size - start->offset))
    return err;
  auto text = read(start->offset, size - start->offset, io);
  if (!text)
    return std::move(text.error());
  return last_lines{std::move(*text), start->cut};
}

} // namespace sluice

// What a file holds: a range of it, or its last lines, found from its end.

#include "actors/storage/append_file.hpp"
#include "actors/storage/file_io.hpp"
#include "actors/storage/read_range.hpp"
#include "actors/storage/system_error.hpp"
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

caf::expected<uint64_t> append_file::start_of_last(uint64_t lines, uint64_t size,
                                                   io_counts& io) const {
  std::string block;
  // The newline that ends the last line does not count, so n lines begin behind the
  // (n + 1)th newline from the end.
  auto newlines = uint64_t{0};
  for (auto from = size; from > 0;) {
    auto step = std::min<uint64_t>(block_bytes, from);
    block.resize(step);
    from -= step;
    if (read_at(file_.get(), block.data(), step, from, io) != static_cast<ssize_t>(step))
      return system_failure("read", path_, errno);
    if (from + step == size && block.back() != '\n')
      ++newlines;
    for (auto i = step; i-- > 0;)
      if (block[i] == '\n' && ++newlines > lines)
        return from + i + 1;
  }
  return uint64_t{0};
}

caf::expected<std::string> append_file::tail(uint64_t lines, size_t bytes_max,
                                             io_counts& io) const {
  // Asked of the system, since others may append too.
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0)
    return system_failure("stat", path_, errno);
  auto size = static_cast<uint64_t>(info.st_size);
  auto start = start_of_last(lines, size, io);
  if (!start)
    return std::move(start.error());
  std::string text(size - *start, '\0');
  if (text.size() > bytes_max)
    return caf::make_error(ec::too_large, "the last lines of " + path_
                                            + " take more than "
                                            + std::to_string(bytes_max) + " bytes");
  if (!text.empty()
      && read_at(file_.get(), text.data(), text.size(), *start, io)
           != static_cast<ssize_t>(text.size()))
    return system_failure("read", path_, errno);
  return text;
}

} // namespace sluice

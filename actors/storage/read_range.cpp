#include "actors/storage/read_range.hpp"

#include "actors/storage/system_error.hpp"

#include <unistd.h>

#include <cerrno>

namespace sluice {

caf::expected<std::string> read_range(int fd, const std::string& path, uint64_t offset,
                                      uint64_t size, io_counts& io) {
  if (size > std::string{}.max_size())
    return system_failure("read", path, ENOMEM);
  std::string bytes(size, '\0');
  for (size_t done = 0; done < bytes.size();) {
    auto got = ::pread(fd, bytes.data() + done, bytes.size() - done,
                       static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR)
      continue;
    ++io.reads;
    if (got <= 0)
      return system_failure("read", path, got == 0 ? EIO : errno);
    io.read_bytes += static_cast<uint64_t>(got);
    done += static_cast<size_t>(got);
  }
  return bytes;
}

} // namespace sluice

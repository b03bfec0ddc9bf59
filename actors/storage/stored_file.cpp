#include "actors/storage/stored_file.hpp"

#include "actors/storage/read_range.hpp"
#include "actors/storage/regular_file.hpp"
#include "actors/storage/system_error.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace sluice {

caf::expected<std::shared_ptr<stored_file>> stored_file::open(const folder& in,
                                                              const std::string& name) {
  auto path = in.path_of(name);
  auto file = open_regular(path, O_RDONLY | O_NOFOLLOW);
  if (!file)
    return std::move(file.error());
  if (!*file)
    return std::shared_ptr<stored_file>{};
  struct stat info {};
  if (::fstat(file->get(), &info) != 0)
    return system_failure("stat", path, errno);
  std::shared_ptr<stored_file> result{new stored_file(path, std::move(*file))};
  result->state_ = state_of(info);
  return result;
}

caf::expected<std::string> stored_file::read(uint64_t offset, uint64_t size,
                                             io_counts& io) const {
  return read_range(file_.get(), path_, offset, size, io);
}

caf::expected<bool> stored_file::unchanged() const {
  auto now = look_at(path_);
  if (now.problem != 0 && !now.absent())
    return system_failure("look at", path_, now.problem);
  return now.problem == 0 && now.identity == state_.identity && now.size == state_.size
         && now.modified_ns == state_.modified_ns;
}

} // namespace sluice

#include "actors/storage/stored_file.hpp"

#include "actors/storage/read_range.hpp"
#include "actors/storage/system_error.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace sluice {

namespace {

int64_t modified_ns(const struct stat& info) {
  return int64_t{info.st_mtim.tv_sec} * 1'000'000'000 + info.st_mtim.tv_nsec;
}

} // namespace

caf::expected<std::shared_ptr<stored_file>> stored_file::open(const folder& in,
                                                              const std::string& name) {
  auto path = in.path_of(name);
  unique_fd file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
  if (!file) {
    if (errno == ENOENT)
      return std::shared_ptr<stored_file>{};
    return system_failure("open", path, errno);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0)
    return system_failure("stat", path, errno);
  if (!S_ISREG(info.st_mode))
    return caf::make_error(ec::disk_failed, path + " is not a regular file");
  std::shared_ptr<stored_file> result{new stored_file(path, std::move(file))};
  result->identity_ = {info.st_dev, info.st_ino};
  result->size_ = static_cast<uint64_t>(info.st_size);
  result->modified_ns_ = modified_ns(info);
  return result;
}

caf::expected<std::string> stored_file::read(uint64_t offset, uint64_t size,
                                             io_counts& io) const {
  return read_range(file_.get(), path_, offset, size, io);
}

bool stored_file::unchanged() const {
  struct stat info {};
  return ::lstat(path_.c_str(), &info) == 0
         && file_identity{info.st_dev, info.st_ino} == identity_
         && static_cast<uint64_t>(info.st_size) == size_
         && modified_ns(info) == modified_ns_;
}

} // namespace sluice

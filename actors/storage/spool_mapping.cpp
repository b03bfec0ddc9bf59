#include "actors/storage/spool_mapping.hpp"

#include "actors/storage/regular_file.hpp"
#include "actors/storage/system_error.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>

namespace sluice {

spool_mapping::~spool_mapping() {
  if (data_ != nullptr)
    ::munmap(data_, size_);
}

caf::expected<spool_mapping> spool_mapping::create(int directory, const std::string& name,
                                                   size_t bytes) {
  spool_mapping result;
  ::unlinkat(directory, name.c_str(), 0);
  result.file_ = unique_fd{::openat(
    directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!result.file_)
    return system_failure("make spool file", name, errno);
  auto failed = ::posix_fallocate(result.file_.get(), 0, static_cast<off_t>(bytes));
  auto err = failed != 0 ? system_failure("find room for spool file", name, failed)
                         : result.map(name, true);
  if (err) {
    ::unlinkat(directory, name.c_str(), 0);
    return err;
  }
  return result;
}

caf::expected<spool_mapping> spool_mapping::open(int directory, const std::string& name,
                                                 bool writable) {
  auto file =
    open_regular_in(directory, name, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW);
  if (!file)
    return std::move(file.error());
  if (!*file)
    return system_failure("open spool file", name, ENOENT);
  return adopt(std::move(*file), name, writable);
}

caf::expected<spool_mapping> spool_mapping::adopt(unique_fd file, const std::string& name,
                                                  bool writable) {
  spool_mapping result;
  result.file_ = std::move(file);
  if (auto err = result.map(name, writable))
    return err;
  return result;
}

caf::error spool_mapping::map(const std::string& name, bool writable) {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0)
    return system_failure("stat spool file", name, errno);
  device_ = info.st_dev;
  inode_ = info.st_ino;
  if (info.st_size == 0)
    return caf::none;
  auto bytes = static_cast<size_t>(info.st_size);
  auto* data = ::mmap(nullptr, bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                      MAP_SHARED, file_.get(), 0);
  if (data == MAP_FAILED)
    return system_failure("map spool file", name, errno);
  data_ = static_cast<char*>(data);
  size_ = bytes;
  // Locked pages are mapped at once; without the lock each is when it is first used.
  locked_ = writable && ::mlock(data, bytes) == 0;
  if (writable && !locked_)
    ::madvise(data, bytes, MADV_POPULATE_WRITE);
  return caf::none;
}

bool spool_mapping::is_named(int directory, const std::string& name) const {
  struct stat info {};
  return ::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0
         && info.st_dev == device_ && info.st_ino == inode_;
}

bool is_linked(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && info.st_nlink > 0;
}

} // namespace sluice

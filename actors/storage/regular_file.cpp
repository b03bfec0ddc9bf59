#include "actors/storage/regular_file.hpp"

#include "actors/storage/system_error.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace sluice {

namespace {

constexpr const char* kind_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFIFO:
      return "a FIFO";
    case S_IFDIR:
      return "a directory";
    case S_IFSOCK:
      return "a socket";
    case S_IFLNK:
      return "a symbolic link";
    default:
      return "a device";
  }
}

caf::error refuse(const std::string& name, const struct stat& found) {
  return caf::make_error(ec::disk_failed,
                         name + " is " + kind_of(found.st_mode)
                           + ", no file: move it away, a regular file is to be there");
}

bool is_regular(const struct stat& found) {
  return S_ISREG(found.st_mode);
}

} // namespace

caf::expected<unique_fd> open_regular(const std::string& path, int flags, mode_t rights) {
  return open_regular_in(AT_FDCWD, path, flags, rights);
}

caf::expected<unique_fd> open_regular_in(int directory, const std::string& name,
                                         int flags, mode_t rights) {
  struct stat found {};
  const auto links = (flags & O_NOFOLLOW) != 0 ? AT_SYMLINK_NOFOLLOW : 0;
  // A device is not even opened: some begin to do something then.
  const auto there = ::fstatat(directory, name.c_str(), &found, links) == 0;
  if (!there && (errno != ENOENT || (flags & O_CREAT) == 0))
    return errno == ENOENT
             ? caf::expected<unique_fd>{unique_fd{}}
             : caf::expected<unique_fd>{system_failure("look at", name, errno)};
  if (there && !is_regular(found))
    return refuse(name, found);
  unique_fd file{
    ::openat(directory, name.c_str(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, rights)};
  // What was there is gone meanwhile.
  if (!file && errno == ENOENT && (flags & O_CREAT) == 0)
    return unique_fd{};
  if (!file || ::fstat(file.get(), &found) != 0)
    return system_failure("open", name, errno);
  if (!is_regular(found))
    return refuse(name, found);
  return file;
}

caf::error check_regular(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && !is_regular(found) ? refuse(path, found)
                                                                 : caf::error{};
}

caf::error check_private(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0)
    return system_failure("look at", path, errno);
  if ((found.st_mode & (S_IROTH | S_IWOTH)) != 0)
    return caf::make_error(
      ec::refused, path + " may be read or changed by everybody: chmod o-rwx " + path);
  return caf::none;
}

caf::expected<std::optional<std::string>> read_regular(const std::string& path,
                                                       reading_rules rules) {
  auto file = open_regular(path, O_RDONLY | (rules.follows_links ? 0 : O_NOFOLLOW));
  if (!file)
    return std::move(file.error());
  if (!*file)
    return std::optional<std::string>{};
  std::string result(rules.bytes_max + 1, '\0');
  size_t size = 0;
  while (size < result.size()) {
    const auto got = ::read(file->get(), result.data() + size, result.size() - size);
    if (got < 0 && errno != EINTR)
      return system_failure("read", path, errno);
    if (got == 0)
      break;
    size += static_cast<size_t>(std::max<ssize_t>(got, 0));
  }
  if (size > rules.bytes_max)
    return caf::make_error(ec::disk_failed, path + " is longer than "
                                              + std::to_string(rules.bytes_max)
                                              + " bytes");
  result.resize(size);
  return std::optional<std::string>{std::move(result)};
}

} // namespace sluice

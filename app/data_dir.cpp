#include "app/data_dir.hpp"

#include "actors/storage/file_lock.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr size_t id_bytes = 16;

caf::error failed(ec code, const std::string& what, const std::string& path) {
  return caf::make_error(code,
                         fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

// The reason why `path` cannot be the data directory, as an invalid setting.
caf::error unusable(const std::string& path, std::string_view why) {
  return caf::make_error(
    ec::invalid_setting,
    fmt::format("invalid setting data-dir = {}: allowed is a directory that sluiced may "
                "write; {}",
                path, why));
}

bool sync_directory(const std::string& path) {
  const unique_fd dir{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return dir && ::fsync(dir.get()) == 0;
}

bool is_directory(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

std::string parent_of(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  const auto slash = path.find_last_of('/');
  if (slash == path.npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Makes the directory and syncs its name, so that no power cut takes away a directory
// with synced files in it. None above it is made: a path that is mistyped is to be told.
bool make_directory(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0)
    return sync_directory(parent_of(path));
  return errno == EEXIST && (is_directory(path) || (errno = ENOTDIR, false));
}

std::string why_not_made(const std::string& path) {
  const auto reason = std::string{std::strerror(errno)};
  const auto parent = parent_of(path);
  struct stat found {};
  if (errno == ENOENT && ::stat(parent.c_str(), &found) != 0 && errno == ENOENT)
    return fmt::format("there is no directory {} to make it in: make that one first, if "
                       "the path is right",
                       parent);
  return "it cannot be made: " + reason;
}

// A lock that is no file of ours shows that the directory is another program's.
std::string why_not_locked(const std::string& lock_path) {
  constexpr auto others = "the directory is not one of Sluice's: name another with "
                          "--data-dir=";
  const auto reason = std::string{std::strerror(errno)};
  struct stat found {};
  ::lstat(lock_path.c_str(), &found);
  if (S_ISLNK(found.st_mode))
    return fmt::format("{} is a symbolic link, so {}", lock_path, others);
  if (S_ISDIR(found.st_mode))
    return fmt::format("{} is a directory, so {}", lock_path, others);
  return fmt::format("its file lock cannot be opened: {}", reason);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR)
      return false;
    text.remove_prefix(static_cast<size_t>(std::max<ssize_t>(written, 0)));
  }
  return true;
}

std::string random_id() {
  std::array<unsigned char, id_bytes> bytes{};
  // Up to 256 bytes come whole or not at all, and only an unseeded kernel waits.
  while (::getrandom(bytes.data(), bytes.size(), 0) != ssize_t{id_bytes}) {
    // nop
  }
  std::string result;
  for (auto byte : bytes)
    result += fmt::format("{:02x}", byte);
  return result;
}

std::string id_file(const std::string& dir) {
  return dir + "/id";
}

// A file that is there is whole: written beside, synced, and renamed.
bool write_id(const std::string& dir, const std::string& id) {
  const auto path = id_file(dir);
  const auto beside = path + ".new";
  const unique_fd file{
    ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600)};
  return file && write_all(file.get(), id + '\n') && ::fsync(file.get()) == 0
         && ::rename(beside.c_str(), path.c_str()) == 0 && sync_directory(dir);
}

bool is_id(std::string_view text) {
  return text.size() == 2 * id_bytes
         && text.find_first_not_of("0123456789abcdef") == text.npos;
}

} // namespace

caf::expected<std::string> id_of_data_dir(const std::string& dir) {
  const auto path = id_file(dir);
  const unique_fd file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!file && (errno == ENOENT || errno == ENOTDIR))
    return std::string{};
  std::array<char, 2 * id_bytes + 2> buffer{};
  const auto count = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (count < 0)
    return failed(ec::unavailable, "cannot read", path);
  std::string_view text{buffer.data(), static_cast<size_t>(count)};
  if (text.ends_with('\n'))
    text.remove_suffix(1);
  if (!is_id(text))
    return caf::make_error(ec::unavailable,
                           path + " is damaged: it is not 32 hexadecimal digits");
  return std::string{text};
}

data_dir::data_dir(std::string path, unique_fd lock)
    : path_(std::move(path)), lock_(std::move(lock)) {
  const std::unique_ptr<char, void (*)(void*)> real{::realpath(path_.c_str(), nullptr),
                                                    std::free};
  real_path_ = real ? real.get() : path_;
}

caf::expected<data_dir> data_dir::open(const std::string& path, caf::timespan patience,
                                       mode_t directory_mode) {
  if (!make_directory(path, directory_mode))
    return unusable(path, why_not_made(path));
  const auto lock_path = path + "/lock";
  unique_fd lock{
    ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!lock)
    return unusable(path, why_not_locked(lock_path));
  const auto stays = [&lock] { return read_holder(lock.get()).stays(); };
  if (!lock_within(lock.get(), patience, stays))
    return caf::make_error(
      ec::unavailable,
      fmt::format("data directory {} is in use by another sluiced{} ({} is locked): stop "
                  "that one, or name another directory with --data-dir=",
                  path, text_of(read_holder(lock.get())), lock_path));
  write_holder(lock.get(), false);
  data_dir result{path, std::move(lock)};
  if (!make_directory(path + "/logs", directory_mode))
    return failed(ec::unavailable, "cannot make", path + "/logs");
  auto id = id_of_data_dir(path);
  if (!id)
    return id.error();
  result.id_ = std::move(*id);
  if (result.id_.empty())
    if (auto err = result.renew_id())
      return err;
  return result;
}

caf::error data_dir::renew_id() {
  auto next = random_id();
  if (!write_id(path_, next))
    return failed(ec::unavailable, "cannot write", id_file(path_));
  id_ = std::move(next);
  return caf::none;
}

void data_dir::announce_end() {
  write_holder(lock_.get(), true);
}

std::string data_dir::notes() const {
  return read_notes(lock_.get());
}

caf::error data_dir::keep_notes(const std::string& notes) const {
  return write_notes(lock_.get(), notes)
           ? caf::error{}
           : failed(ec::unavailable, "cannot write", path_ + "/lock");
}

} // namespace sluice

#include "app/data_dir.hpp"

#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>

namespace sluice {

namespace {

using namespace std::chrono_literals;

constexpr auto lock_poll = 50ms;
constexpr size_t id_bytes = 16;

caf::error failed(ec code, const std::string& what, const std::string& path) {
  return caf::make_error(code,
                         fmt::format("{} {}: {}", what, path, std::strerror(errno)));
}

// The reason why `path` cannot be the data directory, as an invalid setting.
caf::error unusable(const std::string& path, std::string_view step) {
  return caf::make_error(
    ec::invalid_setting,
    fmt::format("invalid setting data-dir = {}: allowed is a directory that sluiced may "
                "write; {}: {}",
                path, step, std::strerror(errno)));
}

bool sync_directory(const std::string& path) {
  const unique_fd dir{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  return dir && ::fsync(dir.get()) == 0;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == path.npos)
    return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Makes the directory and each one above it that is missing, and syncs the names, so
// that no power cut takes away a directory with synced files in it.
bool make_directories(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0)
    return sync_directory(parent_of(path));
  if (errno == ENOENT && parent_of(path) != path)
    return make_directories(parent_of(path)) && make_directories(path);
  struct stat found {};
  return errno == EEXIST && ::stat(path.c_str(), &found) == 0
         && (S_ISDIR(found.st_mode) || (errno = ENOTDIR, false));
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

// A file that is there is whole: written beside, synced, and renamed.
bool write_id(const std::string& dir, const std::string& id) {
  const auto path = dir + "/id";
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

caf::expected<std::string> read_or_make_id(const std::string& dir) {
  const auto path = dir + "/id";
  const unique_fd file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!file && errno == ENOENT) {
    auto id = random_id();
    if (!write_id(dir, id))
      return failed(ec::unavailable, "cannot write", path);
    return id;
  }
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

// Waits for the lock of a service that is just ending.
bool lock_within(int fd, caf::timespan patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return false;
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(lock_poll);
  }
  return true;
}

} // namespace

data_dir::data_dir(std::string path, unique_fd lock)
    : path_(std::move(path)), lock_(std::move(lock)) {}

caf::expected<data_dir> data_dir::open(const std::string& path, caf::timespan patience) {
  if (!make_directories(path))
    return unusable(path, "it cannot be made");
  const auto lock_path = path + "/lock";
  unique_fd lock{
    ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600)};
  if (!lock)
    return unusable(path, "its file lock cannot be opened");
  if (!lock_within(lock.get(), patience))
    return caf::make_error(ec::unavailable,
                           fmt::format("data directory {} is in use by another sluiced: "
                                       "{} is locked",
                                       path, lock_path));
  data_dir result{path, std::move(lock)};
  if (!make_directories(path + "/logs"))
    return failed(ec::unavailable, "cannot make", path + "/logs");
  auto id = read_or_make_id(path);
  if (!id)
    return id.error();
  result.id_ = std::move(*id);
  return result;
}

} // namespace sluice

#include "app/data_dir.hpp"

#include "actors/storage/file_lock.hpp"
#include "actors/storage/folder.hpp"
#include "actors/storage/regular_file.hpp"
#include "actors/storage/sync_gate.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

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
    return !sync_names(parent_of(path));
  return errno == EEXIST && (is_directory(path) || (errno = ENOTDIR, false));
}

// Whoever may write into it can put anything in the place of what is ours.
bool is_open_to_all(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)
         && (found.st_mode & S_IWOTH) != 0;
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

bool is_id(std::string_view text) {
  return text.size() == 2 * id_bytes
         && text.find_first_not_of("0123456789abcdef") == text.npos;
}

} // namespace

caf::expected<std::string> id_of_data_dir(const std::string& dir) {
  const auto path = id_file(dir);
  if (!is_directory(dir))
    return std::string{};
  const auto found = read_regular(path);
  if (!found)
    return caf::make_error(ec::unavailable, text_of(found.error()));
  if (!*found)
    return std::string{};
  std::string_view text{**found};
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
  for (const auto& each : {path, path + "/logs", path + "/sessions"})
    if (is_open_to_all(each))
      return unusable(path, "everybody may write into it: chmod o-w " + each);
  const auto lock_path = path + "/lock";
  auto opened = open_regular(lock_path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  // A lock that is no file of ours shows that the directory is another program's.
  if (!opened)
    return unusable(path, "its lock cannot be opened: " + text_of(opened.error())
                            + "; if the directory is not one of Sluice's, name another "
                              "with --data-dir=");
  auto lock = std::move(*opened);
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
  if (auto err = folder{path_, owners_alone}.replace("id", next + '\n'))
    return caf::make_error(ec::unavailable, text_of(err));
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

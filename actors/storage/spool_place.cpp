#include "actors/storage/spool_place.hpp"

#include "actors/storage/folder.hpp"
#include "actors/storage/spool_format.hpp"
#include "actors/storage/unique_fd.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice {

namespace {

constexpr size_t id_digits = 8;

std::string parent_of(const std::string& path) {
  auto slash = path.find_last_of('/');
  return slash == path.npos || slash == 0 ? "/" : path.substr(0, slash);
}

/// Asks the directory itself or, while it is not there, the nearest one above it.
bool is_tmpfs(const std::string& path) {
  struct statfs info {};
  if (::statfs(path.c_str(), &info) == 0)
    return info.f_type == TMPFS_MAGIC;
  return errno == ENOENT && path != "/" && is_tmpfs(parent_of(path));
}

/// Why the base cannot be used, or an empty text. It is made if need be.
std::string obstacle(const std::string& base) {
  if (!is_tmpfs(base))
    return "is not tmpfs";
  if (::mkdir(base.c_str(), 0700) != 0 && errno != EEXIST)
    return std::strerror(errno);
  struct stat info {};
  if (::lstat(base.c_str(), &info) != 0)
    return std::strerror(errno);
  // In a directory that all may write, another user may have been first.
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid()
      || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return "is not a directory that is ours alone";
  return ::access(base.c_str(), W_OK | X_OK) == 0 ? "" : std::strerror(errno);
}

constexpr auto location_file = "spool-location";

} // namespace

bool make_spool_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0)
    return true;
  auto slash = path.find_last_of('/');
  if (errno == ENOENT && slash != path.npos && slash > 0)
    return make_spool_directory(path.substr(0, slash))
           && (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST);
  return errno == EEXIST;
}

std::vector<std::string> spool_bases() {
  std::vector<std::string> result;
  if (const auto* runtime = ::getenv("XDG_RUNTIME_DIR");
      runtime != nullptr && *runtime == '/')
    result.push_back(std::string{runtime} + "/sluice");
  result.emplace_back("/run/sluice");
  result.push_back("/dev/shm/sluice-" + std::to_string(::geteuid()));
  return result;
}

caf::expected<spool_place> choose_spool_place(const std::string& wanted,
                                              const std::string& data_id,
                                              const std::vector<std::string>& bases) {
  // The next start may be made elsewhere.
  if (!wanted.empty()) {
    auto dir = std::filesystem::absolute(wanted).string();
    return spool_place{dir, is_tmpfs(dir)};
  }
  std::string why;
  for (const auto& base : bases) {
    auto hindrance = obstacle(base);
    if (hindrance.empty())
      return spool_place{base + "/" + data_id.substr(0, id_digits), true};
    why.append(why.empty() ? "" : ", ").append(base).append(" ").append(hindrance);
  }
  return caf::make_error(ec::unavailable, "there is no place in RAM for a spool: " + why);
}

caf::expected<std::optional<std::string>>
recorded_spool_place(const std::string& data_dir) {
  auto path = folder{data_dir}.path_of(location_file);
  unique_fd file{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)};
  if (!file && errno == ENOENT)
    return std::optional<std::string>{};
  char text[4098];
  auto got = file ? ::read(file.get(), text, sizeof text) : -1;
  if (got < 0)
    return caf::make_error(ec::unavailable,
                           "cannot read " + path + ": " + std::strerror(errno));
  // Written whole or not at all, hence a line.
  std::string line{text, static_cast<size_t>(got)};
  if (line.size() < 2 || line.back() != '\n' || line.front() != '/'
      || line.find('\n') != line.size() - 1 || line.find('\0') != line.npos)
    return caf::make_error(ec::unavailable,
                           path + " is damaged: it is not one absolute path");
  line.pop_back();
  return std::optional<std::string>{std::move(line)};
}

caf::error record_spool_place(const std::string& data_dir, const std::string& dir) {
  auto known = recorded_spool_place(data_dir);
  if (!known)
    return std::move(known.error());
  if (*known == dir)
    return caf::none;
  return folder{data_dir, owners_alone}.replace(location_file, dir + '\n');
}

caf::error forget_spool_place(const std::string& data_dir) {
  const folder in{data_dir};
  if (auto err = in.remove(location_file))
    return err;
  return in.sync();
}

caf::expected<std::optional<std::string>> earlier_spool_place(const std::string& data_dir,
                                                              const std::string& chosen) {
  auto known = recorded_spool_place(data_dir);
  if (!known || !*known || **known == chosen)
    return known ? std::optional<std::string>{} : std::move(known);
  auto header = **known + "/" + spool_format::header_name;
  if (::access(header.c_str(), F_OK) == 0)
    return known;
  if (errno == ENOENT || errno == ENOTDIR)
    return std::optional<std::string>{};
  return caf::make_error(
    ec::unavailable, "cannot look into the spool " + **known + ": " + std::strerror(errno)
                       + "; if it is another user's, of whose data directory this one "
                         "is a copy, remove id and spool-location of the copy");
}

bool swap_is_on(const std::string& table) {
  std::ifstream file{table};
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line))
    if (!line.empty() && !line.starts_with("/dev/zram"))
      return true;
  return false;
}

} // namespace sluice

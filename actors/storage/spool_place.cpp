#include "actors/storage/spool_place.hpp"

#include "actors/storage/folder.hpp"
#include "actors/storage/regular_file.hpp"
#include "actors/storage/spool_format.hpp"
#include "messages/error.hpp"

#include <linux/magic.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

namespace sluice {

namespace {

constexpr size_t id_digits = 8;
constexpr size_t number_digits = 16;
constexpr int tries_max = 8;
/// Whoever has no number in a container of its own; root outside, as a rule.
constexpr uid_t unmapped_uid = 65534;

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

/// Whether something is there that another user has made.
bool is_squatted(const std::string& base) {
  struct stat info {};
  return ::lstat(base.c_str(), &info) == 0 && info.st_uid != ::geteuid();
}

bool is_ours_alone(const std::string& base) {
  struct stat info {};
  return ::lstat(base.c_str(), &info) == 0 && S_ISDIR(info.st_mode)
         && info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/// Whoever has the directory that a base lies in can put another in its place.
bool lies_in_anothers(const std::string& base) {
  struct stat info {};
  return ::stat(parent_of(base).c_str(), &info) == 0 && info.st_uid != ::geteuid()
         && info.st_uid != 0 && info.st_uid != unmapped_uid;
}

/// Why the base cannot be used, or an empty text. It is made if need be.
std::string obstacle(const std::string& base) {
  if (!is_tmpfs(base))
    return "is not tmpfs";
  if (lies_in_anothers(base))
    return "lies in another user's directory";
  if (::mkdir(base.c_str(), 0700) != 0 && errno != EEXIST)
    return std::strerror(errno);
  if (is_squatted(base))
    return "is another user's";
  if (!is_ours_alone(base))
    return "is not a directory that is ours alone: chmod go-w " + base;
  return ::access(base.c_str(), W_OK | X_OK) == 0 ? "" : std::strerror(errno);
}

/// The base that BASE-NUMBER stands in for; any other name stands for itself.
std::string stood_in_for(const std::string& base) {
  const auto dash = base.size() - std::min(base.size(), number_digits + 1);
  const auto is_number =
    base.find_first_not_of("0123456789abcdef", dash + 1) == base.npos;
  return base[dash] == '-' && is_number ? base.substr(0, dash) : base;
}

/// What stands in for a base already, and is ours alone; sorted, so that each start
/// finds the same.
std::vector<std::string> stand_ins(const std::string& base) {
  std::vector<std::string> result;
  std::error_code none;
  for (const auto& each : std::filesystem::directory_iterator{parent_of(base), none})
    if (const auto path = each.path().string();
        path != base && stood_in_for(path) == base && is_ours_alone(path))
      result.push_back(path);
  std::sort(result.begin(), result.end());
  return result;
}

/// Makes one, under a name that nobody could have taken before; empty: it cannot be.
std::string make_stand_in(const std::string& base) {
  uint64_t number = 0;
  for (auto tries = tries_max; tries > 0; --tries) {
    if (::getrandom(&number, sizeof number, 0) != ssize_t{sizeof number})
      continue;
    auto path = fmt::format("{}-{:0{}x}", base, number, number_digits);
    if (obstacle(path).empty())
      return path;
  }
  return {};
}

/// The place of the one whose base another user has.
std::optional<spool_place> place_beside(const std::string& base,
                                        const std::string& own_name) {
  if (!is_tmpfs(base) || !is_squatted(base))
    return std::nullopt;
  const auto known = stand_ins(base);
  const auto stand_in = known.empty() ? make_stand_in(base) : known.front();
  if (stand_in.empty())
    return std::nullopt;
  return spool_place{stand_in + "/" + own_name, true,
                     base + " is another user's, so the spool lies in " + stand_in};
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

std::vector<std::string> own_spool_bases() {
  std::vector<std::string> result;
  for (const auto& base : spool_bases()) {
    if (is_ours_alone(base))
      result.push_back(base);
    for (auto& each : stand_ins(base))
      result.push_back(std::move(each));
  }
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
  const auto own_name = data_id.substr(0, id_digits);
  std::string why;
  for (const auto& base : bases) {
    auto hindrance = obstacle(base);
    if (hindrance.empty())
      return spool_place{base + "/" + own_name, true};
    why.append(why.empty() ? "" : ", ").append(base).append(" ").append(hindrance);
  }
  for (const auto& base : bases)
    if (auto place = place_beside(base, own_name))
      return std::move(*place);
  return caf::make_error(ec::unavailable, "there is no place in RAM for a spool: " + why);
}

caf::expected<std::optional<std::string>>
recorded_spool_place(const std::string& data_dir) {
  auto path = folder{data_dir}.path_of(location_file);
  auto text = read_regular(path);
  if (!text)
    return caf::make_error(ec::unavailable,
                           "cannot use " + path + ": " + text_of(text.error()));
  if (!*text)
    return std::optional<std::string>{};
  // Written whole or not at all, hence a line.
  auto& line = **text;
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
  const auto base = parent_of(**known);
  const auto bases = spool_bases();
  if (std::find(bases.begin(), bases.end(), stood_in_for(base)) != bases.end()
      && is_squatted(base))
    return std::optional<std::string>{};
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

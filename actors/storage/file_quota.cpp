#include "actors/storage/file_quota.hpp"

#include "messages/error.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

/// A directory that is full is not counted more often: its files may be many.
constexpr auto count_pause = std::chrono::seconds{2};

/// And when so many were let in, or as are this part of the bound: each may have become
/// two, or none.
constexpr uint64_t let_in_min = 1000;
constexpr uint64_t let_in_share = 16;

/// Nothing where they cannot be counted: that is not known to be none.
std::optional<uint64_t> files_in(const std::string& directory) {
  auto* listing = ::opendir(directory.c_str());
  if (listing == nullptr)
    return errno == ENOENT ? std::optional<uint64_t>{0} : std::nullopt;
  uint64_t result = 0;
  while (const auto* entry = ::readdir(listing))
    result += std::string_view{entry->d_name}.find_first_not_of('.') != std::string::npos;
  ::closedir(listing);
  return result;
}

} // namespace

void file_quota::bound(std::string directory, uint64_t files_max) {
  directory_ = std::move(directory);
  files_max_ = files_max;
}

caf::error file_quota::let_in(const std::vector<std::string>& names, time_point now) {
  const auto is_there = [this](const std::string& name) {
    return ::faccessat(AT_FDCWD, (directory_ + "/" + name).c_str(), F_OK,
                       AT_SYMLINK_NOFOLLOW)
           == 0;
  };
  if (directory_.empty() || std::any_of(names.begin(), names.end(), is_there))
    return caf::none;
  if (let_in_ > std::max(files_max_ / let_in_share, let_in_min) || may_count(now))
    count(now);
  if (!is_full()) {
    ++let_in_;
    full_.clear();
    return caf::none;
  }
  ++refusals_;
  auto words = setting_ + "=" + std::to_string(files_max_) + ": " + directory_ + " holds "
               + std::to_string(there_) + " files, and none is made for a new name";
  full_.note(words);
  return caf::make_error(ec::overloaded,
                         words
                           + "; remove what nobody needs, which may be done while "
                             "the service runs, or raise it");
}

bool file_quota::may_count(time_point now) const {
  return !counted_at_ || (is_full() && now - *counted_at_ >= count_pause);
}

void file_quota::count(time_point now) {
  there_ = files_in(directory_).value_or(there_ + let_in_);
  let_in_ = 0;
  counted_at_ = now;
}

void file_quota::tell(status_report& report, time_point now) {
  if (full_ && may_count(now))
    count(now);
  if (!is_full())
    full_.clear();
  full_.tell(report);
  report.troubles.push_back({full_.id() + "-refused", refusals_});
}

} // namespace sluice

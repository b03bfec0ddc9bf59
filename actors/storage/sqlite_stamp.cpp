#include "actors/storage/sqlite_stamp.hpp"

#include <sys/stat.h>

namespace sluice::sqlite {

std::optional<file_stamp> stamp_of(const std::string& path) {
  struct stat x {};
  if (::stat(path.c_str(), &x) != 0)
    return std::nullopt;
  auto ns = static_cast<int64_t>(x.st_mtim.tv_sec) * 1'000'000'000 + x.st_mtim.tv_nsec;
  return file_stamp{x.st_dev, x.st_ino, static_cast<int64_t>(x.st_size), ns};
}

} // namespace sluice::sqlite

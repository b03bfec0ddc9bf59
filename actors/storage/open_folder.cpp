#include "actors/storage/open_folder.hpp"

#include "actors/storage/system_error.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <utility>

namespace sluice {

namespace {

/// Those that are open, by their paths.
struct open_folders {
  std::mutex mutex;
  std::map<std::string, std::weak_ptr<open_folder>> all;
};

open_folders& known_folders() {
  static open_folders result;
  return result;
}

} // namespace

caf::expected<std::shared_ptr<open_folder>> open_folder::at(const std::string& path) {
  auto& known = known_folders();
  const std::lock_guard held{known.mutex};
  struct stat info {};
  if (auto there = known.all[path].lock();
      there && ::stat(path.c_str(), &info) == 0
      && there->identity_ == file_identity{info.st_dev, info.st_ino})
    return there;
  unique_fd directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory || ::fstat(directory.get(), &info) != 0)
    return system_failure("open directory", path, errno);
  std::shared_ptr<open_folder> result{
    new open_folder(std::move(directory), {info.st_dev, info.st_ino})};
  std::erase_if(known.all, [](const auto& x) { return x.second.expired(); });
  known.all[path] = result;
  return result;
}

int open_folder::sync(std::atomic<uint64_t>& heard) {
  const auto problem = gate_.run(heard.load());
  if (problem != 0)
    heard.store(gate_.failures());
  return problem;
}

} // namespace sluice

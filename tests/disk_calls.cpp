#include "tests/disk_calls.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace {

/// What the watch knows; syncs come from many threads.
struct notes {
  std::mutex mutex;
  std::string under;
  std::vector<std::string> calls;
  std::map<std::string, int> failing;
  std::string held;
  size_t waiting = 0;
  std::condition_variable news;
};

notes& known() {
  static notes result;
  return result;
}

std::string path_of(int descriptor) {
  std::array<char, PATH_MAX> path{};
  const auto link = "/proc/self/fd/" + std::to_string(descriptor);
  const auto size = readlink(link.c_str(), path.data(), path.size());
  return size < 0 ? "" : std::string(path.data(), static_cast<size_t>(size));
}

/// A name below the watched directory; the mutex is held.
std::optional<std::string> name_below(const std::string& path) {
  const auto& under = known().under;
  if (under.empty() || !path.starts_with(under))
    return std::nullopt;
  if (path.size() == under.size())
    return ".";
  return path[under.size()] == '/' ? std::optional{path.substr(under.size() + 1)}
                                   : std::nullopt;
}

/// What becomes of it is decided as it comes, so that of two at once the first fails. A
/// sync of the whole file system has a name of its own.
int watched_sync(int descriptor, long call) {
  const auto path = path_of(descriptor) + (call == SYS_syncfs ? "/*" : "");
  {
    std::unique_lock held{known().mutex};
    const auto name = name_below(path);
    auto failing = name ? known().failing.find(*name) : known().failing.end();
    const auto fails = failing != known().failing.end() && failing->second-- > 0;
    if (name && *name == known().held) {
      ++known().waiting;
      known().news.notify_all();
      known().news.wait(held, [] { return known().held.empty(); });
      --known().waiting;
    }
    if (fails) {
      errno = EIO;
      return -1;
    }
  }
  const auto result = static_cast<int>(syscall(call, descriptor));
  const auto problem = errno;
  const std::lock_guard held{known().mutex};
  if (const auto name = name_below(path); name && result == 0)
    known().calls.push_back("sync " + *name);
  errno = problem;
  return result;
}

int watched_rename(int from_directory, const char* from, int to_directory, const char* to,
                   unsigned flags) {
  const auto result = static_cast<int>(
    syscall(SYS_renameat2, from_directory, from, to_directory, to, flags));
  const auto problem = errno;
  const auto whole = *to == '/' ? std::string{to} : path_of(to_directory) + '/' + to;
  const std::lock_guard held{known().mutex};
  if (const auto name = name_below(whole); name && result == 0)
    known().calls.push_back("rename " + *name);
  errno = problem;
  return result;
}

} // namespace

extern "C" {

int fsync(int descriptor) {
  return watched_sync(descriptor, SYS_fsync);
}

int fdatasync(int descriptor) {
  return watched_sync(descriptor, SYS_fdatasync);
}

int syncfs(int descriptor) noexcept {
  return watched_sync(descriptor, SYS_syncfs);
}

int rename(const char* from, const char* to) noexcept {
  return watched_rename(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat(int from_directory, const char* from, int to_directory,
             const char* to) noexcept {
  return watched_rename(from_directory, from, to_directory, to, 0);
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  return watched_rename(from_directory, from, to_directory, to, flags);
}
}

namespace sluice::test {

disk_calls::disk_calls(std::string under) {
  const std::lock_guard held{known().mutex};
  known().under = std::move(under);
  known().calls.clear();
  known().failing.clear();
}

disk_calls::~disk_calls() {
  let_go();
  const std::lock_guard held{known().mutex};
  known().under.clear();
}

std::vector<std::string> disk_calls::take() {
  const std::lock_guard held{known().mutex};
  return std::exchange(known().calls, {});
}

bool disk_calls::synced(const std::string& name) {
  const std::lock_guard held{known().mutex};
  return std::ranges::count(known().calls, "sync " + name) > 0;
}

void disk_calls::fail_syncs(const std::string& name, int times) {
  const std::lock_guard held{known().mutex};
  known().failing[name] = times;
}

void disk_calls::hold_syncs(const std::string& name) {
  const std::lock_guard held{known().mutex};
  known().held = name;
}

void disk_calls::let_go() {
  const std::lock_guard held{known().mutex};
  known().held.clear();
  known().news.notify_all();
}

bool disk_calls::await_held() {
  std::unique_lock held{known().mutex};
  return known().news.wait_for(held, std::chrono::seconds{10},
                               [] { return known().waiting > 0; });
}

} // namespace sluice::test

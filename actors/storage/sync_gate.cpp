#include "actors/storage/sync_gate.hpp"

#include "actors/storage/system_error.hpp"
#include "actors/storage/unique_fd.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice {

sync_gate::call sync_gate::data_of(int descriptor) {
  return [descriptor] { return ::fdatasync(descriptor) == 0 ? 0 : errno; };
}

sync_gate::call sync_gate::all_of(int descriptor) {
  return [descriptor] { return ::fsync(descriptor) == 0 ? 0 : errno; };
}

sync_gate::call sync_gate::file_system_of(int descriptor) {
  return [descriptor] { return ::syncfs(descriptor) == 0 ? 0 : errno; };
}

int sync_gate::run(uint64_t made_good) {
  std::unique_lock held{mutex_};
  const auto number = ++asked_;
  const auto settled = [&] { return failures_ > made_good || covered_ >= number; };
  ended_.wait(held, [&] { return !running_ || settled(); });
  if (!settled()) {
    running_ = true;
    const auto covers = asked_;
    held.unlock();
    const auto problem = sync_();
    held.lock();
    running_ = false;
    if (problem != 0) {
      ++failures_;
      last_failure_ = problem;
    } else {
      covered_ = std::max(covered_, covers);
    }
    ended_.notify_all();
  }
  return failures_ > made_good ? last_failure_ : 0;
}

uint64_t sync_gate::failures() const {
  const std::lock_guard held{mutex_};
  return failures_;
}

void sync_gate::fail(int problem) {
  const std::lock_guard held{mutex_};
  ++failures_;
  last_failure_ = problem;
  ended_.notify_all();
}

caf::error sync_failure(const std::string& path, int problem) {
  auto reason = system_failure("sync", path, problem);
  return caf::make_error(ec::disk_failed, text_of(reason));
}

caf::error sync_names(const std::string& directory) {
  const unique_fd file{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!file)
    return system_failure("open directory", directory, errno);
  const auto problem = sync_gate::all_of(file.get())();
  return problem == 0 ? caf::error{} : sync_failure(directory, problem);
}

} // namespace sluice

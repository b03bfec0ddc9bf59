#include "tests/system/forgetful/file_system.hpp"

#include <cerrno>
#include <utility>

namespace forgetful {

void file_system::freeze() {
  std::lock_guard held{mutex_};
  frozen_ = true;
  frozen_now_.notify_all();
}

cut file_system::lose(std::uint64_t seed) {
  std::lock_guard held{mutex_};
  cut result{seed, how_};
  tree_.lose(result);
  failing_.clear();
  frozen_ = false;
  return result;
}

void file_system::slow_syncs(std::chrono::microseconds longest) {
  std::lock_guard held{mutex_};
  longest_sync_ = longest;
}

void file_system::fail_sync(std::string name) {
  std::lock_guard held{mutex_};
  failing_ = std::move(name);
}

void file_system::leave_room(std::optional<std::size_t> bytes) {
  std::lock_guard held{mutex_};
  tree_.leave_room(bytes);
}

void file_system::handle(fuse_req_t request, const std::function<void(tree&)>& serve) {
  std::lock_guard held{mutex_};
  try {
    if (frozen_)
      throw failure{EIO};
    serve(tree_);
  } catch (const failure& error) {
    fuse_reply_err(request, error.code);
  }
}

void file_system::sync(fuse_req_t request, number which) {
  std::unique_lock held{mutex_};
  auto up_to = tree_.last_id();
  try {
    if (frozen_ || !take_time(held))
      throw failure{EIO};
    auto& synced = tree_.at(which);
    if (!failing_.empty() && synced.name.find(failing_) != std::string::npos) {
      failing_.clear();
      synced.bytes.drop(up_to);
      throw failure{EIO};
    }
    tree_.sync(synced, up_to);
    fuse_reply_err(request, 0);
  } catch (const failure& error) {
    fuse_reply_err(request, error.code);
  }
}

bool file_system::take_time(std::unique_lock<std::mutex>& held) {
  if (longest_sync_.count() > 0) {
    auto longest = static_cast<std::uint64_t>(longest_sync_.count());
    std::chrono::microseconds time{engine_() % longest};
    frozen_now_.wait_for(held, time, [this] { return frozen_; });
  }
  return !frozen_;
}

} // namespace forgetful

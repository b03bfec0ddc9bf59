// The tree behind libfuse: one lock around it, and what a test may do to it from outside.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "tests/system/forgetful/fuse.hpp"
#include "tests/system/forgetful/tree.hpp"

namespace forgetful {

class file_system {
public:
  explicit file_system(mode how) : how_(how), tree_(how) {}

  // From here on nothing changes and every request fails: the power is gone.
  void freeze();

  // What reached the disk is all there is, and requests are served again. No mount may
  // be there.
  cut lose(std::uint64_t seed);

  // Each sync takes up to so long.
  void slow_syncs(std::chrono::microseconds longest);

  // The next sync of a file whose name holds this fails, and its pages count as clean.
  void fail_sync(std::string name);

  void leave_room(std::optional<std::size_t> bytes);

  // Runs `serve` under the lock; answers with an error if it throws one.
  void handle(fuse_req_t request, const std::function<void(tree&)>& serve);

  void sync(fuse_req_t request, number which);

private:
  // Waits, without the others waiting for it; whether the power stayed.
  bool take_time(std::unique_lock<std::mutex>& held);

  mode how_;
  std::mutex mutex_;
  std::condition_variable frozen_now_;
  bool frozen_ = false;
  std::chrono::microseconds longest_sync_{0};
  std::string failing_;
  std::mt19937_64 engine_;
  tree tree_;
};

// Serves requests with `state`, a file_system.
extern const fuse_lowlevel_ops operations;

} // namespace forgetful

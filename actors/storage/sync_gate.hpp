// A SYNC GATE is the only way of an open file to the disk, and there is one a descriptor.
//
// The kernel tells a descriptor once that pages were lost: of two syncs at the same time
// one hears of it, and the other is told that all is well, as is whoever asks later. So
// the calls come one after the other here, those who wait meanwhile share the next, and
// a failure is kept: it is told to all who cannot say that they have made it good.
// Thread-safe.
#pragma once

#include <caf/error.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

namespace sluice {

class sync_gate {
public:
  /// What the system is asked for; 0, or the error's number.
  using call = std::function<int()>;

  /// The data of a file, and of its inode what it takes to read them.
  static call data_of(int descriptor);
  /// All of it: of a directory its names.
  static call all_of(int descriptor);
  /// Whatever is on the file system of this descriptor.
  static call file_system_of(int descriptor);

  explicit sync_gate(call sync) : sync_(std::move(sync)) {}

  sync_gate(const sync_gate&) = delete;
  sync_gate& operator=(const sync_gate&) = delete;

  /// Brings to disk what was written before, and returns 0; or the number of the last
  /// error, if there was one beyond those that the caller has made good.
  int run(uint64_t made_good);

  /// How many syncs have failed.
  uint64_t failures() const;

  /// Others have found that a sync failed, or may have.
  void fail(int problem);

private:
  call sync_;
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  bool running_ = false;
  /// Each caller has a number; a sync covers those who came before it began.
  uint64_t asked_ = 0;
  uint64_t covered_ = 0;
  uint64_t failures_ = 0;
  int last_failure_ = 0;
};

/// A sync that failed is no full disk, whatever its number says: what it was to bring to
/// disk may be lost.
caf::error sync_failure(const std::string& path, int problem);

/// Brings to disk which names are in the directory.
caf::error sync_names(const std::string& directory);

} // namespace sluice

// A directory that stays open as long as a file in it is: one descriptor, however many
// files there are. Thread-safe.
#pragma once

#include "actors/storage/file_state.hpp"
#include "actors/storage/sync_gate.hpp"
#include "actors/storage/unique_fd.hpp"

#include <caf/expected.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice {

class open_folder {
public:
  /// The directory that the path names now.
  static caf::expected<std::shared_ptr<open_folder>> at(const std::string& path);

  int get() const { return directory_.get(); }
  /// How many syncs of it have failed.
  uint64_t failures() const { return gate_.failures(); }

  /// Brings the names in it to the disk; returns 0 or the error's number. The kernel
  /// tells a descriptor once of what it lost: whoever has heard of fewer failures than
  /// there were is told the last one, and has heard of all then.
  int sync(std::atomic<uint64_t>& heard);

private:
  open_folder(unique_fd directory, file_identity identity)
      : directory_(std::move(directory)), identity_(identity) {}

  unique_fd directory_;
  file_identity identity_;
  sync_gate gate_{sync_gate::all_of(directory_.get())};
};

} // namespace sluice

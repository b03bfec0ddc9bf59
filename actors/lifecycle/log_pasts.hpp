// What has been counted for logs whose buffers have ended: whoever opens one again goes
// on from there, and no sum falls. Clients choose the names, so only so many are
// remembered; of the others one sum is, and the highest number that a line of theirs has
// got.
#pragma once

#include "messages/log_buffer.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace sluice {

class log_pasts {
public:
  static constexpr size_t names_max = 4'096;

  /// Under this name the sum of those is told that are not remembered by theirs.
  static constexpr const char* others = "(others)";

  void keep(const std::string& log, const log_past& past);

  /// What the next buffer of the log goes on from; it counts for it from now on.
  log_past take(const std::string& log);

  /// Null if the log is not among them.
  const log_past* find(const std::string& log) const;

  /// Adds each, and the others, to those that live.
  void tell(std::map<std::string, log_stats>& to) const;

  /// Writes and syncs that failed, of all.
  uint64_t failures() const;

private:
  void forget_oldest();

  struct entry {
    log_past past;
    /// In which order they came.
    uint64_t number = 0;
  };

  std::map<std::string, entry> entries_;
  log_past others_;
  uint64_t last_number_ = 0;
  uint64_t number_floor_ = 0;
};

} // namespace sluice

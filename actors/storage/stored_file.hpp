// A file that is read and never changed: somebody wrote it whole, and whoever changes
// it afterwards, or puts another in its place, is noticed. Reading is thread-safe.
#pragma once

#include "actors/storage/folder.hpp"
#include "actors/storage/unique_fd.hpp"
#include "messages/metrics_aggregator.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace sluice {

class stored_file {
public:
  /// Opens what is there; null if nothing is. A symbolic link is refused.
  static caf::expected<std::shared_ptr<stored_file>> open(const folder& in,
                                                          const std::string& name);

  /// Reads so many bytes; fewer are an error.
  caf::expected<std::string> read(uint64_t offset, uint64_t size, io_counts& io) const;

  /// Whether the path still names this file, as it was when it was opened. An error says
  /// that nobody knows.
  caf::expected<bool> unchanged() const;

  uint64_t size() const { return state_.size; }
  int64_t modified_ms() const { return state_.modified_ns / 1'000'000; }
  const file_identity& identity() const { return state_.identity; }
  const std::string& path() const { return path_; }

private:
  stored_file(std::string path, unique_fd file)
      : path_(std::move(path)), file_(std::move(file)) {}

  std::string path_;
  unique_fd file_;
  file_state state_;
};

} // namespace sluice

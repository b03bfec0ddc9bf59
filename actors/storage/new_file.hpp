// A file that is written once, beside the one whose place it is to take: nobody reads
// it before it is whole, on disk, and renamed.
#pragma once

#include "actors/storage/folder.hpp"
#include "actors/storage/unique_fd.hpp"
#include "messages/metrics_aggregator.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

class new_file {
public:
  /// Makes the file; what an earlier try left under this name is removed.
  static caf::expected<new_file> create(const folder& in, const std::string& name);

  /// Reserves room on the device, so that a full one is known before the first write.
  /// Does nothing where the file system cannot.
  caf::error reserve(uint64_t bytes);

  caf::error write(std::string_view bytes, io_counts& io);
  caf::error sync(io_counts& io);

  caf::expected<file_identity> identity() const;

  /// Renames it to `name`, unless somebody else has made a file of its own name
  /// meanwhile, which may not be whole.
  caf::error take_place(const folder& in, const std::string& name) const;

  /// Removes it, if its name still means it.
  void discard(const folder& in) const;

private:
  new_file(std::string name, std::string path, unique_fd file)
      : name_(std::move(name)), path_(std::move(path)), file_(std::move(file)) {}

  caf::expected<bool> is_named(const folder& in) const;

  std::string name_;
  std::string path_;
  unique_fd file_;
};

} // namespace sluice

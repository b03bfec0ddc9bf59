// A file of the spool in memory. A new one gets its pages first (`posix_fallocate`): a
// full tmpfs is an error then, where later it would be the end of the process by SIGBUS.
#pragma once

#include "actors/storage/unique_fd.hpp"

#include <caf/expected.hpp>

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// Whether any name stands for an open file.
bool is_linked(int fd);

class spool_mapping {
public:
  spool_mapping() = default;
  spool_mapping(spool_mapping&& other) noexcept { swap(other); }
  spool_mapping& operator=(spool_mapping&& other) noexcept {
    swap(other);
    return *this;
  }
  ~spool_mapping();

  /// Makes the file anew, full of zeroes. `disk_full`: there is no room.
  static caf::expected<spool_mapping> create(int directory, const std::string& name,
                                             size_t bytes);

  /// Opens the file as long as it is. Read only, it is not changed.
  static caf::expected<spool_mapping> open(int directory, const std::string& name,
                                           bool writable);

  /// The same for a file that is open.
  static caf::expected<spool_mapping> adopt(unique_fd file, const std::string& name,
                                            bool writable);

  /// Whether the name still stands for this file.
  bool is_named(int directory, const std::string& name) const;

  /// Whether any name stands for it.
  bool is_linked() const { return sluice::is_linked(file_.get()); }

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t size() const { return size_; }
  std::string_view bytes() const { return {data_, size_}; }
  int descriptor() const { return file_.get(); }

  /// Whether the pages are kept out of swap.
  bool locked() const { return locked_; }

private:
  caf::error map(const std::string& name, bool writable);

  void swap(spool_mapping& other) {
    std::swap(file_, other.file_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(locked_, other.locked_);
    std::swap(device_, other.device_);
    std::swap(inode_, other.inode_);
  }

  unique_fd file_;
  char* data_ = nullptr;
  size_t size_ = 0;
  bool locked_ = false;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

} // namespace sluice

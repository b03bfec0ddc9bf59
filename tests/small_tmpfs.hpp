// A small file system in RAM, for tests that fill it.
#pragma once

#include <sys/mount.h>

#include <filesystem>
#include <string>
#include <utility>

#include <caf/test/dsl.hpp>

namespace sluice::test {

/// A tmpfs of so many bytes, with more options behind them, if we may mount one.
class small_tmpfs {
public:
  small_tmpfs(std::string path, const std::string& bytes) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    auto options = "mode=0700,size=" + bytes;
    mounted_ = ::mount("sluice-test", path_.c_str(), "tmpfs", 0, options.c_str()) == 0;
    if (!mounted_)
      CAF_MESSAGE("skipped: no tmpfs can be mounted here");
  }
  ~small_tmpfs() {
    if (mounted_)
      ::umount2(path_.c_str(), MNT_DETACH);
  }
  explicit operator bool() const { return mounted_; }

private:
  std::string path_;
  bool mounted_ = false;
};

} // namespace sluice::test

// A spool's directory in RAM, and what tests do with it.
#pragma once

#include "actors/storage/spool.hpp"
#include "messages/error.hpp"
#include "tests/temp_dir.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace sluice::test {

/// A directory that is there for one test, in RAM where there is some.
class ram_dir {
public:
  ram_dir() {
    namespace fs = std::filesystem;
    auto base = fs::exists("/dev/shm") ? fs::path{"/dev/shm"} : fs::temp_directory_path();
    std::string pattern = base / "sluice-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
      throw std::runtime_error("no temporary directory");
    path_ = pattern;
  }
  ram_dir(const ram_dir&) = delete;
  ram_dir& operator=(const ram_dir&) = delete;
  ~ram_dir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

private:
  std::string path_;
};

struct spool_fixture {
  ram_dir ram;
  spool_config config{ram.path() + "/spool", spool_bytes_min, "data-1", "/data/1"};
  std::shared_ptr<spool> aut;

  /// Opens the spool again, as a start after a death does.
  spool& reopen() {
    aut.reset();
    auto opened = spool::open(config);
    if (!opened)
      throw std::runtime_error(text_of(opened.error()));
    aut = std::move(*opened);
    return *aut;
  }

  /// Why it does not open.
  caf::error refusal() {
    aut.reset();
    auto opened = spool::open(config);
    return opened ? caf::error{} : opened.error();
  }

  std::vector<std::string> segments() const {
    std::vector<std::string> result;
    for (const auto& each : std::filesystem::directory_iterator{config.dir})
      if (each.path().extension() == ".segment")
        result.push_back(each.path());
    return result;
  }

  /// Every file of the spool and its content.
  std::vector<std::string> files() const {
    std::vector<std::string> result;
    for (const auto& each : std::filesystem::directory_iterator{config.dir})
      result.push_back(each.path().string() + "\n" + read_file(each.path()));
    return result;
  }

  size_t bytes_on_disk() const {
    size_t result = 0;
    for (const auto& each : std::filesystem::directory_iterator{config.dir})
      if (each.path().filename() != "header")
        result += each.file_size();
    return result;
  }
};

} // namespace sluice::test

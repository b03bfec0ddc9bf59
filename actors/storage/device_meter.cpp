#include "actors/storage/device_meter.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <filesystem>
#include <fstream>

namespace sluice {

namespace {

/// Of the kernel's statistics, whatever the device's own sectors are.
constexpr uint64_t sector_bytes = 512;

/// `reads, merged, sectors, ms, writes, merged, sectors, ...`
void add_counts(const std::string& stat_file, device_io& to) {
  std::ifstream file{stat_file};
  uint64_t skipped = 0;
  uint64_t writes = 0;
  uint64_t sectors = 0;
  for (int i = 0; i < 4; ++i)
    file >> skipped;
  if (file >> writes >> skipped >> sectors) {
    to.writes = writes;
    to.bytes_written = sectors * sector_bytes;
  }
}

} // namespace

device_meter::device_meter(const std::string& directory) {
  struct stat found {};
  if (stat(directory.c_str(), &found) != 0)
    return;
  const auto device = "/sys/dev/block/" + std::to_string(major(found.st_dev)) + ':'
                      + std::to_string(minor(found.st_dev));
  std::error_code none;
  const auto place = std::filesystem::canonical(device, none);
  if (none)
    return;
  stat_file_ = device + "/stat";
  first_.name = place.filename();
  add_counts(stat_file_, first_);
}

device_io device_meter::read() const {
  auto result = first_;
  if (stat_file_.empty())
    return result;
  add_counts(stat_file_, result);
  result.writes -= first_.writes;
  result.bytes_written -= first_.bytes_written;
  return result;
}

} // namespace sluice

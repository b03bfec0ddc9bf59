// What a file holds, twice: as its readers see it, and as the disk would have it after a
// power cut. Between two syncs each change is kept by itself, sector by sector, older
// versions of a sector too; a cut decides for every one whether it reached the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "tests/system/forgetful/cut.hpp"

namespace forgetful {

inline constexpr std::size_t sector_bytes = 512;
// Past this the oldest changes count as written back by the kernel.
inline constexpr std::size_t unsynced_bytes_max = 64 << 20;

enum class change_kind : std::uint8_t { sector, growth, resize };

// Something done to a file that no sync has covered.
struct change {
  change_kind kind;
  std::uint64_t id;
  // Where the sector is (sector).
  std::size_t offset = 0;
  // That the file has at least (sector, growth), or has (resize), once this is there.
  std::size_t size = 0;
  std::string bytes = {};
};

class contents {
public:
  std::size_t size() const { return live_.size(); }

  std::string_view read(std::size_t offset, std::size_t size) const;

  void write(std::size_t offset, std::string_view bytes, std::uint64_t& last_id);

  // truncate and fallocate.
  void resize(std::size_t size, std::uint64_t& last_id);

  // A sync that began when `up_to` was the last change has come back well.
  void sync(std::uint64_t up_to);

  // It failed: the pages count as clean, their bytes will never reach the disk. What
  // the file system's own journal has (truncations) is not lost.
  void drop(std::uint64_t up_to);

  void lose(cut& what);

private:
  void keep(change what);

  void apply(const change& what);

  void lose_by_chance(cut& what);

  void lose_in_order(cut& what);

  std::string live_;
  std::string stable_;
  std::deque<change> unsynced_;
  std::size_t unsynced_bytes_ = 0;
};

} // namespace forgetful

#include "actors/storage/lines_from_end.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace sluice {

namespace {

constexpr uint64_t block_bytes_max = 65'536;

} // namespace

caf::expected<std::optional<lines_from_end::place>> lines_from_end::next() {
  if (end_ == 0)
    return std::optional<place>{};
  const auto end = std::exchange(end_, 0);
  // The line's own newline, if it has one, is behind this.
  for (auto at = end - 1; at > 0; at = block_from_) {
    if (at <= block_from_) {
      block_from_ = at - std::min(at, block_bytes_max);
      auto read = file_.read(block_from_, at - block_from_, io_);
      if (!read)
        return std::move(read.error());
      block_ = std::move(*read);
    }
    const auto before = std::string_view{block_}.substr(0, at - block_from_);
    const auto newline = before.rfind('\n');
    if (newline != before.npos) {
      end_ = block_from_ + newline + 1;
      break;
    }
  }
  return std::optional<place>{{end_, end - end_}};
}

} // namespace sluice

// A text that somebody chose, cut to what it may take.
#pragma once

#include <algorithm>
#include <string>

namespace sluice::detail {

/// Cuts at so many bytes, or a few before: no character is torn.
inline void shorten(std::string& text, size_t bytes_max) {
  auto size = std::min(text.size(), bytes_max);
  while (size > 0 && size < text.size() && (text[size] & 0xc0) == 0x80)
    --size;
  text.resize(size);
}

} // namespace sluice::detail

// Base64 as RFC 4648 has it, padding included: the one way to write each blob.
#pragma once

#include <caf/optional.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::detail {

/// Value of a base64 letter, or -1.
inline int base64_digit(char letter) {
  constexpr std::string_view letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  auto at = letters.find(letter);
  return at == letters.npos ? -1 : static_cast<int>(at);
}

/// Returns the bytes that `text` stands for, or none if it is not exactly what an
/// encoder writes: blanks, missing padding and stray bits are refused.
inline caf::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return caf::none;
  auto padding = text.ends_with("==") ? 2u : text.ends_with('=') ? 1u : 0u;
  text.remove_suffix(padding);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3 + 2);
  uint32_t bits = 0;
  int count = 0;
  for (auto letter : text) {
    auto digit = base64_digit(letter);
    if (digit < 0)
      return caf::none;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count);
      bits &= (1u << count) - 1;
    }
  }
  if (bits != 0)
    return caf::none;
  return bytes;
}

} // namespace sluice::detail

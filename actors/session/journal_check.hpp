// How a line of a journal ends: with the first digits of the digest of what is before.
#pragma once

#include "actors/storage/digest.hpp"

#include <string>
#include <string_view>

namespace sluice {

inline constexpr std::string_view check_name = R"(,"check":")";
inline constexpr size_t check_digits = 8;
inline constexpr std::string_view check_end = "\"}";

inline std::string check_of(std::string_view bytes) {
  return digest_of(bytes).substr(0, check_digits);
}

} // namespace sluice

// Which names logs and stores may have: they become file names, so nothing in them
// can mean another place.
#pragma once

#include <string_view>

namespace sluice::detail {

constexpr size_t name_bytes_max = 64;

/// Whether `name` is `[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}`.
constexpr bool valid_name(std::string_view name) {
  if (name.empty() || name.size() > name_bytes_max || name.front() == '.')
    return false;
  for (char c : name) {
    auto fits = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
                || c == '_' || c == '-' || c == '.';
    if (!fits)
      return false;
  }
  return true;
}

} // namespace sluice::detail

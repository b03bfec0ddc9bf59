#include "app/config/invalid.hpp"

#include "app/config/keys.hpp"
#include "app/config/text.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <vector>

namespace sluice::config {

namespace {

// Number of single edits between two short words.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j)
    row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t corner = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

std::string_view nearest_key(std::string_view name) {
  const auto& table = keys();
  return std::min_element(table.begin(), table.end(),
                          [&](const key& a, const key& b) {
                            return distance(a.name, name) < distance(b.name, name);
                          })
    ->name;
}

} // namespace

caf::error invalid(std::string_view what) {
  return caf::make_error(ec::invalid_setting, "invalid setting " + std::string{what});
}

caf::error invalid_value(const key& which, std::string_view spelling,
                         std::string_view where) {
  return invalid(std::string{which.name} + " = " + shown(spelling) + " (" + shown(where)
                 + "): allowed is " + allowed(which));
}

caf::error unknown_key(std::string_view name, std::string_view spelling,
                       std::string_view where) {
  const auto known = shown(name);
  return invalid(known + " = " + shown(spelling) + " (" + shown(where)
                 + "): there is no such key; the nearest is "
                 + std::string{nearest_key(known)});
}

} // namespace sluice::config

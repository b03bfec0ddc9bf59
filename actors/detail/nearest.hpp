// How far apart two sequences are, for the one that was probably meant.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace sluice::detail {

/// The least that turns `n` items into `m` others, where leaving one out or putting one
/// in costs `gap`, and putting the other's item `j` in the place of item `i` costs
/// `change(i, j)`.
template <class Cost>
size_t edits(size_t n, size_t m, size_t gap, Cost change) {
  std::vector<size_t> row(m + 1);
  for (size_t j = 0; j <= m; ++j)
    row[j] = j * gap;
  for (size_t i = 1; i <= n; ++i) {
    size_t corner = row[0];
    row[0] = i * gap;
    for (size_t j = 1; j <= m; ++j) {
      const size_t changed = corner + change(i - 1, j - 1);
      corner = row[j];
      row[j] = std::min({row[j] + gap, row[j - 1] + gap, changed});
    }
  }
  return row[m];
}

/// Single edits between two short words.
inline size_t distance(std::string_view a, std::string_view b) {
  return edits(a.size(), b.size(), 1,
               [&](size_t i, size_t j) { return a[i] == b[j] ? size_t{0} : size_t{1}; });
}

} // namespace sluice::detail

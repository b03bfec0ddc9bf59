// Numbers as people read them, and columns.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::ctl {

/// `950ns`, `12us`, `3.4ms`, `2.0s`.
std::string time_text(uint64_t ns);

/// `950`, `12.3k`, `4.5M`.
std::string count_text(double number);

/// `3d 4h`, `5m 10s`.
std::string span_text(int64_t ms);

/// Eight heights, the highest for the greatest.
std::string sparkline(const std::vector<double>& values);

/// Columns as wide as their widest cell; all but the first and the last to the right.
/// What is in the cells is made printable.
class table {
public:
  using row = std::vector<std::string>;

  void add(row cells);

  /// The lines, each at most so many characters wide.
  std::vector<std::string> lines(size_t columns_max = std::string::npos) const;

private:
  std::vector<row> rows_;
};

/// At most so many characters of UTF-8.
std::string shortened(const std::string& text, size_t characters_max);

} // namespace sluice::ctl

#include "app/ctl/text.hpp"

#include "app/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace sluice::ctl {

namespace {

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

size_t width_of(std::string_view text) {
  return static_cast<size_t>(
    std::count_if(text.begin(), text.end(), [](char x) { return !continues(x); }));
}

} // namespace

std::string time_text(uint64_t ns) {
  const auto x = static_cast<double>(ns);
  if (ns < 1000)
    return fmt::format("{}ns", ns);
  if (ns < 1'000'000)
    return fmt::format("{:.3g}us", x / 1e3);
  if (ns < 1'000'000'000)
    return fmt::format("{:.3g}ms", x / 1e6);
  return fmt::format("{:.1f}s", x / 1e9);
}

std::string count_text(double number) {
  if (number < 10)
    return fmt::format("{:.3g}", number);
  if (number < 10'000)
    return fmt::format("{:.0f}", number);
  if (number < 1e6)
    return fmt::format("{:.1f}k", number / 1e3);
  if (number < 1e9)
    return fmt::format("{:.1f}M", number / 1e6);
  return fmt::format("{:.1f}G", number / 1e9);
}

std::string span_text(int64_t ms) {
  const auto seconds = ms / 1000;
  if (seconds < 60)
    return fmt::format("{}s", seconds);
  if (seconds < 3600)
    return fmt::format("{}m {}s", seconds / 60, seconds % 60);
  if (seconds < 86'400)
    return fmt::format("{}h {}m", seconds / 3600, seconds / 60 % 60);
  return fmt::format("{}d {}h", seconds / 86'400, seconds / 3600 % 24);
}

std::string sparkline(const std::vector<double>& values) {
  static constexpr std::array heights = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const auto most =
    values.empty() ? 0.0 : *std::max_element(values.begin(), values.end());
  std::string result;
  for (auto each : values) {
    const auto share = most > 0 ? each / most : 0;
    result += heights[static_cast<size_t>(std::lround(share * (heights.size() - 1)))];
  }
  return result;
}

void table::add(row cells) {
  for (auto& each : cells)
    each = printable(each);
  rows_.push_back(std::move(cells));
}

std::vector<std::string> table::lines(size_t columns_max) const {
  std::vector<size_t> widths;
  for (const auto& each : rows_) {
    widths.resize(std::max(widths.size(), each.size()));
    for (size_t i = 0; i < each.size(); ++i)
      widths[i] = std::max(widths[i], width_of(each[i]));
  }
  std::vector<std::string> result;
  for (const auto& each : rows_) {
    std::string line;
    for (size_t i = 0; i < each.size(); ++i) {
      const auto last = i + 1 == each.size();
      const std::string blanks(widths[i] - width_of(each[i]), ' ');
      if (i > 0)
        line += "  ";
      line += i == 0 ? each[i] + blanks : last ? each[i] : blanks + each[i];
    }
    line.erase(line.find_last_not_of(' ') + 1);
    result.push_back(shortened(line, columns_max));
  }
  return result;
}

std::string shortened(const std::string& text, size_t characters_max) {
  if (characters_max == std::string::npos)
    return text;
  size_t seen = 0;
  for (size_t i = 0; i < text.size(); ++i)
    if (!continues(text[i]) && seen++ == characters_max)
      return text.substr(0, i);
  return text;
}

} // namespace sluice::ctl

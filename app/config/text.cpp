#include "app/config/text.hpp"

#include "actors/detail/json_input.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::config {

namespace {

using namespace std::chrono_literals;

struct time_unit {
  std::string_view name;
  caf::timespan length;
};

// Largest first, as they are tried for printing.
constexpr std::array<time_unit, 6> time_units = {{
  {"h", 1h},
  {"min", 1min},
  {"s", 1s},
  {"ms", 1ms},
  {"us", 1us},
  {"ns", 1ns},
}};

struct size_unit {
  std::string_view name;
  int shift;
};

constexpr std::array<size_unit, 7> size_units = {{
  {"", 0},
  {"K", 10},
  {"KiB", 10},
  {"M", 20},
  {"MiB", 20},
  {"G", 30},
  {"GiB", 30},
}};

struct amount {
  std::optional<uint64_t> number;
  std::string_view unit;
};

amount split_unit(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  return {read_number(text.substr(0, digits)), text.substr(digits)};
}

constexpr size_t shown_bytes_max = 120;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

} // namespace

std::optional<uint64_t> read_number(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || stop != end)
    return std::nullopt;
  return number;
}

std::optional<uint64_t> read_size(std::string_view text) {
  const auto [number, name] = split_unit(text);
  const auto unit =
    std::find_if(size_units.begin(), size_units.end(),
                 [word = name](const size_unit& each) { return each.name == word; });
  if (!number || unit == size_units.end() || *number > UINT64_MAX >> unit->shift)
    return std::nullopt;
  return *number << unit->shift;
}

std::optional<caf::timespan> read_time(std::string_view text) {
  const auto [number, name] = split_unit(text);
  const auto unit =
    std::find_if(time_units.begin(), time_units.end(),
                 [word = name](const time_unit& each) { return each.name == word; });
  if (!number || unit == time_units.end())
    return std::nullopt;
  // Compared before it is multiplied: CAF's own reader lets the product wrap around.
  if (*number > static_cast<uint64_t>(time_max / unit->length))
    return std::nullopt;
  return unit->length * static_cast<int64_t>(*number);
}

std::string print_time(caf::timespan span) {
  if (span == caf::timespan::zero())
    return "0s";
  const auto unit =
    std::find_if(time_units.begin(), time_units.end(), [&](const time_unit& candidate) {
      return span % candidate.length == caf::timespan::zero();
    });
  return std::to_string(span / unit->length).append(unit->name);
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\')
      result += '\\';
    result += c;
  }
  return result += '"';
}

std::string shown(std::string_view text) {
  std::string result{text.substr(0, shown_bytes_max)};
  std::replace_if(result.begin(), result.end(), is_control, '?');
  if (text.size() > shown_bytes_max)
    result += "...";
  return result;
}

bool is_printable(std::string_view text) {
  return std::none_of(text.begin(), text.end(), is_control) && json::valid_utf8(text);
}

} // namespace sluice::config

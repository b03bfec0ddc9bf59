#include "app/config/text.hpp"

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

constexpr size_t shown_bytes_max = 120;

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Bytes of the character that `text` begins with, or 0 if it is not UTF-8: cut short,
// a surrogate, past the last plane, or longer than it need be.
size_t character_length(std::string_view text) {
  struct form {
    unsigned char first_least;
    unsigned char first_most;
    unsigned char second_least;
    unsigned char second_most;
    size_t length;
  };
  constexpr std::array<form, 9> forms = {{
    {0x00, 0x7f, 0x80, 0xbf, 1},
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
  }};
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  for (const auto& each : forms) {
    if (byte(0) < each.first_least || byte(0) > each.first_most)
      continue;
    if (text.size() < each.length)
      return 0;
    for (size_t i = 1; i < each.length; ++i)
      if (byte(i) < (i == 1 ? each.second_least : 0x80)
          || byte(i) > (i == 1 ? each.second_most : 0xbf))
        return 0;
    return each.length;
  }
  return 0;
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

std::optional<caf::timespan> read_time(std::string_view text) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = read_number(text.substr(0, digits));
  const auto unit =
    std::find_if(time_units.begin(), time_units.end(), [&](const time_unit& candidate) {
      return candidate.name == text.substr(digits);
    });
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
  while (!text.empty()) {
    const auto length = character_length(text);
    if (length == 0 || is_control(text.front()))
      return false;
    text.remove_prefix(length);
  }
  return true;
}

} // namespace sluice::config

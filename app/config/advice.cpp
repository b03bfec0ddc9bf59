#include "app/config/advice.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <variant>

namespace sluice::config {

namespace {

struct unit {
  std::string_view written;
  std::string_view taken;
  /// How many of the taken one the written one is.
  uint64_t times = 1;
};

// A number alone is taken for seconds, as most programs do.
constexpr std::array<unit, 23> time_words = {{
  {"", "s"},         {"s", "s"},         {"sec", "s"},    {"secs", "s"},
  {"second", "s"},   {"seconds", "s"},   {"ms", "ms"},    {"msec", "ms"},
  {"millis", "ms"},  {"m", "min"},       {"min", "min"},  {"mins", "min"},
  {"minute", "min"}, {"minutes", "min"}, {"h", "h"},      {"hr", "h"},
  {"hrs", "h"},      {"hour", "h"},      {"hours", "h"},  {"d", "h", 24},
  {"day", "h", 24},  {"days", "h", 24},  {"w", "h", 168},
}};

constexpr std::array<unit, 12> size_words = {{
  {"b", ""},
  {"byte", ""},
  {"bytes", ""},
  {"k", "K"},
  {"kb", "K"},
  {"kib", "K"},
  {"m", "M"},
  {"mb", "M"},
  {"mib", "M"},
  {"g", "G"},
  {"gb", "G"},
  {"gib", "G"},
}};

std::string plain(std::string_view spelling) {
  std::string result;
  for (char c : spelling)
    if (c != ' ' && c != '"')
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return result;
}

template <class Units>
std::string in_units(const Units& units, std::string_view text) {
  uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  const std::string_view written{stop, static_cast<size_t>(end - stop)};
  const auto hit = std::find_if(units.begin(), units.end(), [&](const unit& each) {
    return each.written == written;
  });
  if (failure != std::errc{} || hit == units.end() || number > UINT64_MAX / hit->times)
    return {};
  return std::to_string(number * hit->times) + std::string{hit->taken};
}

} // namespace

std::string advised(const key& which, std::string_view spelling) {
  const auto text = plain(spelling);
  std::string result;
  if (std::holds_alternative<caf::timespan>(load(which, settings{})))
    result = in_units(time_words, text);
  else if (which.accepts.is_size)
    result = in_units(size_words, text);
  return !result.empty() && read(which, result) ? result : std::string{};
}

} // namespace sluice::config

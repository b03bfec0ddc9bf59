#include "app/printable.hpp"

#include "actors/detail/json_text.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>

namespace sluice {

namespace {

struct range {
  char32_t first;
  char32_t last;
};

/// Beyond the control characters: what ends lines or paragraphs, turns the direction of
/// writing, or cannot be seen and hides what it stands in.
constexpr range unseen[] = {
  {0x7f, 0x9f},     {0x061c, 0x061c}, {0x200b, 0x200b}, {0x200e, 0x200f},
  {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb},
};

/// Of ASCII; `left_alone` are those that would be spelled out, and are not.
bool stays(char x, std::string_view left_alone) {
  return (x >= ' ' && x <= '~' && x != '\\') || left_alone.find(x) != left_alone.npos;
}

/// The code point of a whole sequence of UTF-8.
char32_t code_point(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence.front());
  if (sequence.size() == 1)
    return first;
  auto result = static_cast<char32_t>(first & (0x7f >> sequence.size()));
  for (auto each : sequence.substr(1))
    result = result << 6 | (static_cast<unsigned char>(each) & 0x3f);
  return result;
}

bool is_unseen(char32_t x) {
  return std::any_of(std::begin(unseen), std::end(unseen), [x](const range& each) {
    return each.first <= x && x <= each.last;
  });
}

void append_byte(std::string& to, char byte) {
  switch (byte) {
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    case '\\':
      to += "\\\\";
      return;
    default:
      fmt::format_to(std::back_inserter(to), "\\x{:02x}",
                     static_cast<unsigned char>(byte));
  }
}

std::string spelled(std::string_view text, std::string_view left_alone) {
  std::string result;
  while (!text.empty()) {
    const auto length = json::utf8_length(text);
    const auto what = text.substr(0, std::max<size_t>(length, 1));
    const auto first = what.front();
    if (length == 0)
      append_byte(result, first);
    else if (const auto point = code_point(what); is_unseen(point))
      fmt::format_to(std::back_inserter(result), "\\u{:04x}", uint32_t{point});
    else if (length > 1 || stays(first, left_alone))
      result += what;
    else
      append_byte(result, first);
    text.remove_prefix(what.size());
  }
  return result;
}

/// Most of what is printed is ASCII that nothing has to be done to.
bool needs_nothing(std::string_view text, std::string_view left_alone) {
  return std::all_of(text.begin(), text.end(),
                     [left_alone](char x) { return stays(x, left_alone); });
}

} // namespace

std::string printable(std::string_view line) {
  return needs_nothing(line, {}) ? std::string{line} : spelled(line, {});
}

std::string printable_text(std::string_view text) {
  constexpr std::string_view own = "\n\\";
  return needs_nothing(text, own) ? std::string{text} : spelled(text, own);
}

} // namespace sluice

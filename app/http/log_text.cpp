#include "app/http/log_text.hpp"

#include "actors/detail/json_input.hpp"
#include "actors/detail/short_text.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice::http {

namespace {

/// Longest reason that is told; what it quotes is the client's.
constexpr size_t detail_bytes_max = 200;

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

/// Why the line, which has `room` readable bytes behind it, may not be taken; or none.
std::optional<std::string> fault_of(std::string_view line, size_t room,
                                    const line_rules& rules) {
  if (line.size() > rules.bytes_max)
    return "it is longer than " + std::to_string(rules.bytes_max)
           + " bytes, which is all that log.max-line-bytes allows";
  if (rules.ndjson) {
    if (auto err = json::check_line(line, room))
      return text_of(err);
    return std::nullopt;
  }
  if (rules.invalid == invalid_lines::take)
    return std::nullopt;
  if (const auto at = line.find('\0'); at != std::string_view::npos)
    return "it contains NUL, at byte " + std::to_string(at + 1);
  if (!json::valid_utf8(line))
    return std::string{"it is not valid UTF-8"};
  return std::nullopt;
}

void reject(log_text& from, uint64_t number, std::string why) {
  if (from.rejected.size() == rejected_told_max) {
    ++from.rejected_more;
    return;
  }
  detail::shorten(why, detail_bytes_max);
  from.rejected.push_back({number, std::move(why)});
}

} // namespace

caf::expected<log_text> to_lines(std::string text, const line_rules& rules) {
  if (!text.empty() && text.back() != '\n')
    text += '\n';
  log_text result;
  char* to = text.data();
  const char* from = to;
  const char* const end = from + text.size();
  const char* const readable = from + text.capacity();
  for (uint64_t number = 1; from != end; ++number) {
    auto* feed = static_cast<const char*>(std::memchr(from, '\n', end - from));
    std::string_view line{from, static_cast<size_t>(feed - from)};
    from = feed + 1;
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (rules.ndjson && is_blank(line))
      continue;
    const auto room = static_cast<size_t>(readable - (line.data() + line.size()));
    if (auto why = fault_of(line, room, rules)) {
      if (rules.invalid != invalid_lines::skip)
        return invalid_argument("line " + std::to_string(number) + ": " + *why);
      reject(result, number, std::move(*why));
      continue;
    }
    if (line.data() != to)
      std::memmove(to, line.data(), line.size());
    to += line.size();
    *to++ = '\n';
    ++result.count;
  }
  text.resize(static_cast<size_t>(to - text.data()));
  result.lines = std::move(text);
  return result;
}

} // namespace sluice::http

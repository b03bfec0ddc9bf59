#include "app/http/log_text.hpp"

#include "actors/detail/json_input.hpp"
#include "messages/error.hpp"

#include <cstring>

namespace sluice::http {

namespace {

/// Drops each CR that stands before a LF, in place.
void drop_returns(std::string& text) {
  auto to = text.find("\r\n");
  if (to == std::string::npos)
    return;
  for (auto from = to; from < text.size(); ++from)
    if (text[from] != '\r' || from + 1 == text.size() || text[from + 1] != '\n')
      text[to++] = text[from];
  text.resize(to);
}

} // namespace

caf::expected<log_text> to_lines(std::string text) {
  if (text.find('\0') != std::string::npos)
    return invalid_argument("the text contains NUL");
  if (!json::valid_utf8(text))
    return invalid_argument("the text is not valid UTF-8");
  if (!text.empty() && text.back() != '\n')
    text += '\n';
  drop_returns(text);
  log_text result{std::move(text)};
  const char* line = result.lines.data();
  const char* const end = line + result.lines.size();
  while (line != end) {
    auto* feed = static_cast<const char*>(std::memchr(line, '\n', end - line));
    ++result.count;
    if (static_cast<size_t>(feed - line) > line_bytes_max)
      return invalid_argument("line " + std::to_string(result.count) + " is longer than "
                              + std::to_string(line_bytes_max) + " bytes");
    line = feed + 1;
  }
  return result;
}

} // namespace sluice::http

#include "bench/http_response.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>

namespace sluice::bench {

namespace {

/// Small letters only, which is all that header names need.
std::string lowered(std::string_view text) {
  std::string result{text};
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

size_t number_at(std::string_view text, size_t at) {
  while (at < text.size() && text[at] == ' ')
    ++at;
  size_t result = 0;
  auto [end, error] =
    std::from_chars(text.data() + at, text.data() + text.size(), result);
  if (error != std::errc{})
    throw std::runtime_error("not an HTTP answer: " + std::string{text});
  return result;
}

} // namespace

response parse_response(std::string_view bytes) {
  auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return {};
  constexpr std::string_view length_name = "\r\ncontent-length:";
  auto head = lowered(bytes.substr(0, end));
  auto length_at = head.find(length_name);
  if (head.rfind("http/1.1 ", 0) != 0 || length_at == std::string::npos)
    throw std::runtime_error("an answer without Content-Length: " + head);
  response result;
  result.status = static_cast<int>(number_at(head, 9));
  result.closes = head.find("\r\nconnection: close") != std::string::npos;
  auto size = end + 4 + number_at(head, length_at + length_name.size());
  result.size = bytes.size() >= size ? size : 0;
  return result;
}

} // namespace sluice::bench

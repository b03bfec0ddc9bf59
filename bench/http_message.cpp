#include "bench/http_message.hpp"

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

size_t parse_number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  size_t result = 0;
  auto error = std::from_chars(text.data(), text.data() + text.size(), result).ec;
  if (error != std::errc{})
    throw std::runtime_error("not a number: " + std::string{text});
  return result;
}

} // namespace

http_message parse_message(std::string_view bytes) {
  auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return {};
  auto head = lowered(bytes.substr(0, end));
  if (head.find("\r\ntransfer-encoding:") != std::string::npos)
    throw std::runtime_error("a body of unknown size: " + head);
  constexpr std::string_view length_name = "\r\ncontent-length:";
  auto at = head.find(length_name);
  auto length =
    at == std::string::npos ? 0 : parse_number(head.substr(at + length_name.size()));
  http_message result;
  result.head_size = end + 4;
  result.size = bytes.size() >= result.head_size + length ? result.head_size + length : 0;
  result.closes = head.find("\r\nconnection: close") != std::string::npos;
  return result;
}

int parse_status(std::string_view answer) {
  constexpr std::string_view version = "HTTP/1.1 ";
  if (answer.substr(0, version.size()) != version)
    throw std::runtime_error("not an HTTP answer: " + std::string{answer});
  return static_cast<int>(parse_number(answer.substr(version.size(), 3)));
}

} // namespace sluice::bench

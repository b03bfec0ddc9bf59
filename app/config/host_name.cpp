#include "app/config/host_name.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace sluice::config {

namespace {

constexpr size_t name_bytes_max = 253;
constexpr std::string_view any_port_mark = ":*";

bool is_name_char(unsigned char c) {
  return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
}

/// Whether browsers take the name for an IPv4 address: its last label looks like a
/// number.
bool looks_numeric(std::string_view name) {
  const auto last = name.substr(name.rfind('.') + 1);
  return last.starts_with("0x")
         || std::all_of(last.begin(), last.end(),
                        [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::optional<std::string> read_name(std::string_view text) {
  if (text.ends_with('.'))
    text.remove_suffix(1);
  if (text.empty() || text.size() > name_bytes_max || text.starts_with('.')
      || text.find("..") != text.npos
      || !std::all_of(text.begin(), text.end(), is_name_char))
    return std::nullopt;
  std::string name{text};
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  in_addr parsed{};
  if (looks_numeric(name) && inet_pton(AF_INET, name.c_str(), &parsed) != 1)
    return std::nullopt;
  return name;
}

/// Reads what stands between brackets.
std::optional<std::string> read_address(std::string_view text) {
  in6_addr parsed{};
  const bool plain = text.find('\0') == text.npos;
  if (!plain || inet_pton(AF_INET6, std::string{text}.c_str(), &parsed) != 1)
    return std::nullopt;
  char spelled[INET6_ADDRSTRLEN];
  if (IN6_IS_ADDR_V4MAPPED(&parsed)) {
    inet_ntop(AF_INET, &parsed.s6_addr[12], spelled, sizeof spelled);
    return std::string{spelled};
  }
  inet_ntop(AF_INET6, &parsed, spelled, sizeof spelled);
  return '[' + std::string{spelled} + ']';
}

std::optional<uint16_t> read_port(std::string_view digits) {
  uint16_t port = 0;
  const auto [end, code] =
    std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (code != std::errc{} || end != digits.data() + digits.size() || port == 0)
    return std::nullopt;
  return port;
}

} // namespace

std::optional<host_name> read_host(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const auto bracket = bracketed ? text.find(']') : 0;
  if (bracket == text.npos)
    return std::nullopt;
  const auto length = bracketed ? bracket + 1 : std::min(text.find(':'), text.size());
  auto name = bracketed ? read_address(text.substr(1, bracket - 1))
                        : read_name(text.substr(0, length));
  if (!name)
    return std::nullopt;
  const auto rest = text.substr(length);
  if (rest.empty())
    return host_name{std::move(*name), {}};
  const auto port = rest.front() == ':' ? read_port(rest.substr(1)) : std::nullopt;
  if (!port)
    return std::nullopt;
  return host_name{std::move(*name), port};
}

bool is_loopback(const std::string& name) {
  in_addr parsed{};
  if (inet_pton(AF_INET, name.c_str(), &parsed) == 1)
    return ntohl(parsed.s_addr) >> 24 == 127;
  return name == "localhost" || name == "[::1]";
}

std::optional<host_rule> read_host_rule(std::string_view text) {
  const bool any_port = text.ends_with(any_port_mark);
  if (any_port)
    text.remove_suffix(any_port_mark.size());
  auto host = read_host(text);
  if (!host || (any_port && host->port))
    return std::nullopt;
  return host_rule{std::move(host->name), host->port, any_port};
}

bool is_host_rule(std::string_view text) {
  return read_host_rule(text).has_value();
}

} // namespace sluice::config

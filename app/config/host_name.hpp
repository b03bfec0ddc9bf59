// Hosts as HTTP writes them, in `Host`, in `Origin` and in `http.hosts`. Each has one
// spelling here, so that two that mean the same compare equal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::config {

struct host_name {
  /// In lower case and without a dot at its end. An IPv6 address stands in brackets; one
  /// that only wraps an IPv4 address is that one.
  std::string name;
  std::optional<uint16_t> port;
};

/// Takes `name`, `name:80`, `[::1]` or `[::1]:80` apart; none if it is no such thing.
std::optional<host_name> read_host(std::string_view text);

/// Whether a name that was read is `localhost` or a loopback address: what no other
/// machine can be, whoever answers for its names.
bool is_loopback(const std::string& name);

/// One of `http.hosts`.
struct host_rule {
  std::string name;
  /// None stands for the usual ports.
  std::optional<uint16_t> port;
  bool any_port = false;
};

/// Reads `name`, `name:80` or `name:*`; none if no request could match it.
std::optional<host_rule> read_host_rule(std::string_view text);

/// Whether `read_host_rule` takes it.
bool is_host_rule(std::string_view text);

} // namespace sluice::config

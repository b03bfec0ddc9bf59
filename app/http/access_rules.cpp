#include "app/http/access_rules.hpp"

#include "messages/error.hpp"

#include <boost/beast/core/string.hpp>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

namespace sluice::http {

namespace {

bool same_name(std::string_view x, std::string_view y) {
  return boost::beast::iequals({x.data(), x.size()}, {y.data(), y.size()});
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& x) { return same_name(x, name); });
}

struct host_and_port {
  std::string_view host;
  /// Empty if there is none.
  std::optional<uint16_t> port;
};

/// Takes `name`, `name:80`, `[::1]` or `[::1]:80` apart.
std::optional<host_and_port> split(std::string_view text) {
  const auto bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == text.npos)
    return {};
  const auto colon = text.find(':', bracket);
  if (colon == text.npos)
    return host_and_port{text, {}};
  const auto digits = text.substr(colon + 1);
  uint16_t port = 0;
  auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (code != std::errc{} || end != digits.data() + digits.size())
    return {};
  return host_and_port{text.substr(0, colon), port};
}

std::array<unsigned char, 32> digest_of(std::string_view text) {
  std::array<unsigned char, 32> result;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data());
  return result;
}

} // namespace

caf::expected<std::string> read_token(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::string token{std::istreambuf_iterator<char>{file}, {}};
  if (!file.is_open() || file.bad())
    return caf::make_error(ec::invalid_setting,
                           "http.token-file=" + path + " cannot be read");
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r'))
    token.pop_back();
  if (token.empty())
    return caf::make_error(ec::invalid_setting,
                           "http.token-file=" + path + " must not be empty");
  return token;
}

access_rules::access_rules(std::string_view token, std::string bound_address,
                           std::vector<std::string> hosts, uint16_t port)
    : guarded_(!token.empty()),
      token_(digest_of(token)), own_{"localhost", "127.0.0.1", "[::1]"},
      extra_(std::move(hosts)), port_(port) {
  if (!bound_address.empty())
    own_.push_back(std::move(bound_address));
}

bool access_rules::knows(std::string_view authorization) const {
  constexpr std::string_view scheme = "Bearer ";
  if (!guarded_)
    return true;
  if (authorization.size() < scheme.size()
      || !same_name(authorization.substr(0, scheme.size()), scheme))
    return false;
  const auto given = digest_of(authorization.substr(scheme.size()));
  return CRYPTO_memcmp(given.data(), token_.data(), token_.size()) == 0;
}

bool access_rules::serves_host(std::string_view host,
                               std::string_view local_address) const {
  const auto x = split(host);
  return x && (!x->port || port_ == 0 || *x->port == port_)
         && (is_own(x->host, local_address) || is_extra(x->host));
}

bool access_rules::serves_origin(std::string_view origin,
                                 std::string_view local_address) const {
  const bool secure = origin.starts_with("https://");
  if (!secure && !origin.starts_with("http://"))
    return false;
  const auto x = split(origin.substr(secure ? 8 : 7));
  if (!x)
    return false;
  // A name that was configured may be a proxy's, on that one's own port.
  if (is_extra(x->host))
    return !x->port || port_ == 0 || *x->port == port_;
  const auto port = x->port.value_or(secure ? 443 : 80);
  return is_own(x->host, local_address) && (port_ == 0 || port == port_);
}

bool access_rules::is_own(std::string_view host, std::string_view local_address) const {
  return contains(own_, host)
         || (!local_address.empty() && same_name(host, local_address));
}

bool access_rules::is_extra(std::string_view host) const {
  return contains(extra_, host);
}

} // namespace sluice::http

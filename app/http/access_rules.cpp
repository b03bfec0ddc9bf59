#include "app/http/access_rules.hpp"

#include "actors/storage/regular_file.hpp"
#include "messages/error.hpp"

#include <boost/beast/core/string.hpp>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <optional>

namespace sluice::http {

namespace {

bool same_name(std::string_view x, std::string_view y) {
  return boost::beast::iequals({x.data(), x.size()}, {y.data(), y.size()});
}

constexpr size_t token_bytes_max = 65'536;
constexpr uint16_t http_port = 80;
constexpr uint16_t https_port = 443;

/// The port that the scheme of an origin implies; none if no web page has this scheme.
std::optional<uint16_t> implied_port(std::string_view origin) {
  if (origin.starts_with("http://"))
    return http_port;
  if (origin.starts_with("https://"))
    return https_port;
  return std::nullopt;
}

/// What stands behind the scheme of an origin.
std::optional<config::host_name> read_origin(std::string_view text) {
  if (!implied_port(text))
    return std::nullopt;
  return config::read_host(text.substr(text.find("//") + 2));
}

/// The spelling of an address that compares equal, or nothing.
std::string plain_name(std::string_view address) {
  const auto host = config::read_host(address);
  return host ? host->name : std::string{};
}

std::array<unsigned char, 32> digest_of(std::string_view text) {
  std::array<unsigned char, 32> result;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), result.data());
  return result;
}

} // namespace

caf::expected<std::string> read_token(const std::string& path) {
  auto text = read_regular(path, {token_bytes_max, true});
  if (!text || !*text)
    return caf::make_error(ec::invalid_setting,
                           "http.token-file=" + path + " cannot be used: "
                             + (text ? "it is not there" : text_of(text.error())));
  auto& token = **text;
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r'))
    token.pop_back();
  if (token.empty())
    return caf::make_error(ec::invalid_setting,
                           "http.token-file=" + path + " must not be empty");
  if (auto err = check_private(path))
    return caf::make_error(ec::invalid_setting, "http.token-file=" + path
                                                  + " cannot be used: " + text_of(err));
  return token;
}

access_rules::access_rules(std::string_view token, std::string_view bound_address,
                           const std::vector<std::string>& hosts, uint16_t port)
    : guarded_(!token.empty()), token_(digest_of(token)),
      bound_address_(plain_name(bound_address)), port_(port) {
  for (const auto& each : hosts)
    if (auto rule = config::read_host_rule(each))
      hosts_.push_back(std::move(*rule));
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

bool access_rules::serves_host(std::string_view host, const doorway& where) const {
  const auto x = config::read_host(host);
  return x && (is_own(*x, where) || is_named(*x));
}

bool access_rules::serves_origin(std::string_view origin, std::string_view host,
                                 const doorway& where) const {
  auto page = read_origin(origin);
  if (!page)
    return false;
  const auto implied = implied_port(origin);
  page->port = page->port ? page->port : implied;
  if (is_named(*page))
    return true;
  const auto own = config::read_host(host);
  return own && serves_host(host, where) && own->name == page->name
         && (own->port ? own->port : implied) == page->port;
}

bool access_rules::is_own(const config::host_name& x, const doorway& where) const {
  const bool loopback = config::is_loopback(x.name);
  if (loopback && where.from_here)
    return true;
  const bool known =
    loopback || x.name == bound_address_ || x.name == plain_name(where.local_address);
  return known && (!x.port || port_ == 0 || *x.port == port_);
}

/// Without a port it is the name alone that counts: proxies leave the port out.
bool access_rules::is_named(const config::host_name& x) const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const config::host_rule& rule) {
    if (rule.name != x.name)
      return false;
    if (rule.any_port || !x.port)
      return true;
    return rule.port ? *rule.port == *x.port : is_usual(*x.port);
  });
}

bool access_rules::is_usual(uint16_t port) const {
  return port == http_port || port == https_port || port_ == 0 || port == port_;
}

/// How `http.hosts` would name it.
std::string access_rules::rule_for(const config::host_name& x) const {
  const bool bare = !x.port || *x.port == port_;
  return "--http.hosts=" + (bare ? x.name : x.name + ':' + std::to_string(*x.port));
}

std::string access_rules::refused_host(std::string_view host) const {
  const auto x = config::read_host(host);
  if (!x)
    return "Host is no name or address, with or without a port";
  return "Host " + std::string{host} + " is not the service's own: if it is a name of "
         + "this machine, add it to the setting http.hosts, as in " + rule_for(*x);
}

std::string access_rules::refused_origin(std::string_view origin) const {
  const auto x = read_origin(origin);
  if (!x)
    return "Origin is that of no web page of the service's own, or of http.hosts";
  return "Origin " + std::string{origin} + " is not the service's own: if its pages may "
         + "use the service, add it to the setting http.hosts, as in " + rule_for(*x);
}

std::string access_rules::refused_page() const {
  return "the browser asks for a page of another site, without its Origin: if such pages "
         "may use the service, add their origin to the setting http.hosts, as in "
         "--http.hosts=page.example, and have them ask with fetch(), which tells it";
}

} // namespace sluice::http

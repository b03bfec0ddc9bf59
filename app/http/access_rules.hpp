// Who may talk to the service: whoever has the token, if there is one, and no web page
// that was loaded from elsewhere. A browser names the page's origin, and the host that
// it believes it talks to. The host must be a name of the service: one that somebody
// else's server could give to this machine is none. The page must have come from the
// same host, or from one that the settings name.
#pragma once

#include "app/config/host_name.hpp"

#include <caf/expected.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

/// Reads a token file; the newline at its end is not part of the token.
caf::expected<std::string> read_token(const std::string& path);

/// Where a request came in, as far as it bears on which names are good.
struct doorway {
  /// The address that the connection came to, where the service listens on all of them.
  std::string_view local_address = {};
  /// Whether the client is on this machine. Then `localhost` means it on any port: one
  /// that is forwarded to the service is the client's business.
  bool from_here = false;
};

class access_rules {
public:
  /// `port` is 0 where there is only a unix socket. An empty token lets everybody in.
  /// `hosts` are rules, as the settings take them.
  access_rules(std::string_view token, std::string_view bound_address,
               const std::vector<std::string>& hosts, uint16_t port);

  /// Whether `authorization` is `Bearer TOKEN`. Takes the same time for each token.
  bool knows(std::string_view authorization) const;

  /// Whether a `Host` is the service's own.
  bool serves_host(std::string_view host, const doorway& where) const;

  /// Whether an `Origin` is that of the request's own `host`, or one from the settings.
  bool serves_origin(std::string_view origin, std::string_view host,
                     const doorway& where) const;

  /// Says why a `Host`, or an `Origin`, is refused, and which setting would allow it.
  std::string refused_host(std::string_view host) const;
  std::string refused_origin(std::string_view origin) const;

  /// Says why a page of another site gets nothing that it asks for without an `Origin`.
  std::string refused_page() const;

private:
  using digest = std::array<unsigned char, 32>;

  bool is_own(const config::host_name& x, const doorway& where) const;
  bool is_named(const config::host_name& x) const;
  bool is_usual(uint16_t port) const;
  std::string rule_for(const config::host_name& x) const;

  bool guarded_;
  digest token_;
  std::string bound_address_;
  std::vector<config::host_rule> hosts_;
  uint16_t port_;
};

} // namespace sluice::http

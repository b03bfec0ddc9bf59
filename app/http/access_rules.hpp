// Who may talk to the service: whoever has the token, if there is one, and no web page
// that was loaded from elsewhere. A browser names the page's origin, and the host that
// it believes it talks to; both must be the service's own.
#pragma once

#include <caf/expected.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

/// Reads a token file; the newline at its end is not part of the token.
caf::expected<std::string> read_token(const std::string& path);

class access_rules {
public:
  /// `port` is 0 where there is only a unix socket. An empty token lets everybody in.
  access_rules(std::string_view token, std::string bound_address,
               std::vector<std::string> hosts, uint16_t port);

  /// Whether `authorization` is `Bearer TOKEN`. Takes the same time for each token.
  bool knows(std::string_view authorization) const;

  /// Whether a `Host` is the service's own. `local_address` is the one that this
  /// connection came to, which matters where the service listens on all of them.
  bool serves_host(std::string_view host, std::string_view local_address) const;

  /// Whether an `Origin` is the service's own.
  bool serves_origin(std::string_view origin, std::string_view local_address) const;

  void port(uint16_t number) { port_ = number; }

private:
  using digest = std::array<unsigned char, 32>;

  bool is_own(std::string_view host, std::string_view local_address) const;
  bool is_extra(std::string_view host) const;

  bool guarded_;
  digest token_;
  std::vector<std::string> own_;
  std::vector<std::string> extra_;
  uint16_t port_;
};

} // namespace sluice::http

// ADMISSION decides by a request's header alone whether its body is worth reading: in
// the order that the interface promises, so that a client learns first what matters
// most.
#pragma once

#include "app/http/access_rules.hpp"
#include "app/http/router.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::http {

/// What a request's header says, whatever parsed it. Fields that are absent are empty
/// and have no data.
struct head {
  std::string_view method;
  std::string_view target;
  std::string_view host;
  std::string_view origin;
  std::string_view authorization;
  std::string_view content_type;
  /// Length of the body, where the header tells; none where it comes in chunks.
  std::optional<uint64_t> content_length;
  bool http_1_0 = false;
  /// The request asks for another protocol.
  bool upgrade = false;
  /// The address that the connection came to.
  std::string_view local_address;
  /// On a unix socket any `Host` is as good as another.
  bool local = false;
};

struct admitted {
  const route* to = nullptr;
  request in;
  /// Set if the request is refused.
  std::optional<answer> refusal;
};

class admission {
public:
  admission(access_rules who, router table, uint64_t body_bytes_max)
      : access_(std::move(who)), router_(std::move(table)), body_max_(body_bytes_max) {}

  admitted admit(const head& x) const;

  /// From now on every request is refused.
  void close() { closed_ = true; }

  void port(uint16_t number) { access_.port(number); }

private:
  std::optional<answer> check_client(const head& x, const route* to,
                                     const target* where) const;
  std::optional<answer> check_body(const head& x, const route& to, request& in) const;

  access_rules access_;
  router router_;
  uint64_t body_max_;
  bool closed_ = false;
};

} // namespace sluice::http

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
  std::string_view content_encoding;
  /// Length of the body, where the header tells; none where it comes in chunks.
  std::optional<uint64_t> content_length;
  bool http_1_0 = false;
  /// The request asks for another protocol.
  bool upgrade = false;
  /// A browser asks whether a page's request may be sent.
  bool preflight = false;
  /// A browser asks for what a page of another site wants, not for a person who goes
  /// there.
  bool for_other_page = false;
  doorway where;
  /// On a unix socket any `Host` is as good as another.
  bool local = false;
};

struct admitted {
  const route* to = nullptr;
  request in;
  /// Whether the body comes in gzip.
  bool gzip = false;
  /// Whose pages may read the answer: the `Origin` of the request, if it is a good one.
  std::string origin;
  /// Set if the request is refused, or answered by what is known here.
  std::optional<answer> refusal;
};

class admission {
public:
  admission(access_rules who, router table, uint64_t body_bytes_max)
      : access_(std::move(who)), router_(std::move(table)), body_max_(body_bytes_max) {}

  admitted admit(const head& x) const;

  /// From now on every request is refused.
  void close() { closed_ = true; }

private:
  void check_client(const head& x, const target* where, admitted& result) const;
  void find_route(const head& x, const target& where, match& found,
                  admitted& result) const;
  void check_body(const head& x, admitted& result) const;

  access_rules access_;
  router router_;
  uint64_t body_max_;
  bool closed_ = false;
};

} // namespace sluice::http

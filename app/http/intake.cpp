#include "app/http/intake.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace sluice::http {

namespace {

/// Connections beyond the limit that are told so: a quarter more and one at most, and not
/// more than this. Others are just closed, and so are those over TLS, whose handshake
/// would cost more than a request.
constexpr uint64_t turned_away_max = 64;

/// A flood of connections must be none of lines.
constexpr auto line_interval = std::chrono::minutes{1};

} // namespace

intake::intake(connection_pool& pool, std::unique_ptr<tls_renewal> tls,
               uint64_t connections_max)
    : pool_(pool), tls_(std::move(tls)), connections_max_(connections_max) {}

void intake::accept(stream_socket socket, entrance where) {
  const bool secure = tls_ && !where.local;
  if (is_full())
    turn_away(std::move(socket), std::move(where), secure);
  else if (secure)
    make_tls_connection(pool_, std::move(socket), std::move(where), tls_->context())
      ->start();
  else
    make_plain_connection(pool_, std::move(socket), std::move(where))->start();
}

void intake::turn_away(stream_socket socket, entrance where, bool secure) {
  ++(secure ? secure_ : plain_).all;
  log_refusals();
  const auto now_told = pool_.open.size() - pool_.served;
  if (!secure && now_told < std::min(turned_away_max, connections_max_ / 4 + 1))
    make_plain_connection(pool_, std::move(socket), std::move(where))->turn_away();
}

void intake::log_refusals() {
  const auto plain = plain_.all - plain_.told;
  const auto secure = secure_.all - secure_.told;
  if (plain + secure == 0 || clock::now() < next_line_)
    return;
  next_line_ = clock::now() + line_interval;
  plain_.told = plain_.all;
  secure_.told = secure_.all;
  spdlog::warn("connections-refused intake had no room for {} connections and {} over "
               "TLS: http.max-connections is {}",
               plain, secure, connections_max_);
}

void intake::look() {
  log_refusals();
  if (tls_)
    tls_->look();
}

void intake::renew() {
  if (tls_)
    tls_->renew();
}

void intake::tell(status_report& report) const {
  report.troubles.push_back({"http-connections-refused", plain_.all});
  report.troubles.push_back({"tls-connections-refused", secure_.all});
  if (tls_)
    tls_->tell(report);
}

} // namespace sluice::http

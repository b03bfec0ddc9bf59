#include "app/http/intake.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace sluice::http {

namespace {

/// Places for those past the limit, who are told so: a quarter more and one at most, and
/// not more than this.
constexpr uint64_t spare_max = 64;

/// Kept for the unix socket, which nobody but this user can reach.
constexpr uint64_t local_places = 16;

/// A flood of connections must be none of lines.
constexpr auto line_interval = std::chrono::minutes{1};

constexpr std::string_view too_many = "there are too many connections";
constexpr std::string_view too_many_of_one =
  "there are too many connections from this address";

/// Whether another connection's end would help.
bool lacks_descriptors(const boost::system::error_code& why) {
  using namespace boost::system;
  return why == errc::too_many_files_open || why == errc::too_many_files_open_in_system;
}

} // namespace

intake::intake(connection_pool& pool, std::unique_ptr<tls_renewal> tls,
               const http_settings& limits)
    : pool_(pool), tls_(std::move(tls)), connections_max_(limits.max_connections),
      share_max_(limits.max_connections_per_address), shares_(share_max_) {}

// -- letting in ---------------------------------------------------------------------

void intake::accept(stream_socket socket, entrance where) {
  failing_.clear();
  auto share = shares_.take(where.network);
  if (share && find_place(where.local)) {
    start(std::move(socket), std::move(where), pool_.regular, std::move(*share), {});
  } else {
    const bool over_share = !share;
    const bool secure = tls_ && !where.local;
    ++(over_share ? over_share_ : secure ? secure_ : plain_).all;
    if (over_share)
      last_over_share_ = where.network;
    if (find_spare_place(over_share))
      start(std::move(socket), std::move(where), pool_.spare, {},
            over_share ? too_many_of_one : too_many);
  }
  log_news();
}

bool intake::find_place(bool local) {
  if (pool_.regular.size() < connections_max_ + (local ? local_places : 0))
    return true;
  auto* who = pool_.regular.first_to_go(clock::now());
  if (who == nullptr)
    return false;
  ++displaced_.all;
  who->close();
  return true;
}

/// Those who have more than their share already may not fill what is kept for others.
bool intake::find_spare_place(bool over_share) {
  const auto all = std::min(spare_max, connections_max_ / 4 + 1);
  if (pool_.spare.size() < (over_share ? all / 2 : all))
    return true;
  auto* who = over_share ? nullptr : pool_.spare.first_to_go(clock::now());
  if (who != nullptr)
    who->close();
  return who != nullptr;
}

void intake::start(stream_socket socket, entrance where, places& among,
                   address_shares::share share, std::string_view limit) {
  const bool secure = tls_ && !where.local;
  auto made = secure ? make_tls_connection(pool_, std::move(socket), std::move(where),
                                           tls_->context())
                     : make_plain_connection(pool_, std::move(socket), std::move(where));
  made->start(among, std::move(share), limit);
}

void intake::fail(boost::system::error_code why) {
  ++failed_.all;
  failing_.note("the system lets no connection in: " + why.message());
  auto* silent = lacks_descriptors(why) ? pool_.regular.longest_silent() : nullptr;
  if (silent != nullptr) {
    ++displaced_.all;
    silent->close();
  }
  log_news();
}

// -- telling ------------------------------------------------------------------------

void intake::log_news() {
  if (clock::now() < next_line_)
    return;
  const auto plain = plain_.news(), secure = secure_.news();
  const auto over_share = over_share_.news(), displaced = displaced_.news();
  const auto failed = failed_.news();
  if (plain + secure + over_share + displaced + failed == 0)
    return;
  next_line_ = clock::now() + line_interval;
  if (plain + secure > 0)
    spdlog::warn("connections-refused intake had no room for {} connections and {} over "
                 "TLS: http.max-connections is {}",
                 plain, secure, connections_max_);
  if (over_share > 0)
    spdlog::warn("connections-over-share intake refused {} connections, the last from "
                 "{}: http.max-connections-per-address is {}",
                 over_share, last_over_share_, share_max_);
  if (displaced > 0)
    spdlog::warn("connections-displaced intake closed {} idle connections to let others "
                 "in: http.max-connections is {}",
                 displaced, connections_max_);
  if (failed > 0)
    spdlog::warn("accept-failed intake was let down by the system {} times; LimitNOFILE= "
                 "or ulimit -n gives more descriptors",
                 failed);
}

void intake::look() {
  log_news();
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
  report.troubles.push_back({"http-connections-over-share", over_share_.all});
  report.troubles.push_back({"http-connections-displaced", displaced_.all});
  failing_.tell(report);
  if (tls_)
    tls_->tell(report);
}

} // namespace sluice::http

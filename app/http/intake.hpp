// The INTAKE lets connections in. Where there is no place left, who was idle for longest
// has to go; where nobody is idle, who comes is served what tells how the service is, and
// refused all else. No address beyond this machine gets more than its share.
#pragma once

#include "actors/detail/trouble.hpp"
#include "app/config/settings.hpp"
#include "app/http/stream_connection.hpp"
#include "app/http/tls.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace sluice::http {

class intake {
public:
  intake(connection_pool& pool, std::unique_ptr<tls_renewal> tls,
         const http_settings& limits);

  void accept(stream_socket socket, entrance where);

  /// The system let nobody in.
  void fail(boost::system::error_code why);

  /// Looks for renewed certificates, and logs what has not been told yet.
  void look();

  /// Loads the certificates again.
  void renew();

  /// Adds who was refused or had to go, and what is wrong with the certificates.
  void tell(status_report& report) const;

private:
  using clock = std::chrono::steady_clock;

  struct count {
    uint64_t all = 0;
    uint64_t told = 0;

    uint64_t news() { return all - std::exchange(told, all); }
  };

  bool find_place(bool local);
  bool find_spare_place(bool over_share);
  void start(stream_socket socket, entrance where, places& among,
             address_shares::share share, std::string_view limit);
  void log_news();

  connection_pool& pool_;
  std::unique_ptr<tls_renewal> tls_;
  const uint64_t connections_max_;
  const uint64_t share_max_;
  address_shares shares_;
  count plain_;
  count secure_;
  count over_share_;
  count displaced_;
  count failed_;
  std::string last_over_share_;
  detail::trouble failing_{"http-accept-failed"};
  clock::time_point next_line_;
};

} // namespace sluice::http

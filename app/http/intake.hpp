// The INTAKE lets connections in. Of those past the limit it tells some so, if that costs
// nothing, and counts all; over TLS it shows the certificate of the day.
#pragma once

#include "app/http/stream_connection.hpp"
#include "app/http/tls.hpp"

#include <chrono>
#include <cstdint>
#include <memory>

namespace sluice::http {

class intake {
public:
  intake(connection_pool& pool, std::unique_ptr<tls_renewal> tls,
         uint64_t connections_max);

  void accept(stream_socket socket, entrance where);

  /// Looks for renewed certificates, and logs what has not been told yet.
  void look();

  /// Loads the certificates again.
  void renew();

  /// Adds who was refused, and what is wrong with the certificates.
  void tell(status_report& report) const;

private:
  using clock = std::chrono::steady_clock;

  struct refusals {
    uint64_t all = 0;
    uint64_t told = 0;
  };

  bool is_full() const { return pool_.served >= connections_max_; }
  void turn_away(stream_socket socket, entrance where, bool secure);
  void log_refusals();

  connection_pool& pool_;
  std::unique_ptr<tls_renewal> tls_;
  uint64_t connections_max_;
  refusals plain_;
  refusals secure_;
  clock::time_point next_line_;
};

} // namespace sluice::http

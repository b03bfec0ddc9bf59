// What TLS shows, for as long as a process runs: certificates are renewed by replacing
// their files, and those who come afterwards are shown the new ones. What does not fit is
// not taken, and told until something that fits is there. Used by one thread.
#pragma once

#include "actors/detail/trouble.hpp"
#include "messages/status.hpp"

#include <caf/expected.hpp>

#include <boost/asio/ssl/context.hpp>

#include <sys/types.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace sluice::http {

using tls_context = std::shared_ptr<boost::asio::ssl::context>;

class tls_renewal {
public:
  using loader = std::function<caf::expected<tls_context>()>;

  /// `files` are those that `load` reads; `shown` names the certificate, as
  /// `http.certificate=FILE`.
  tls_renewal(loader load, std::vector<std::string> files, std::string shown);

  /// Loads for the first time, whatever its dates are.
  caf::error start();

  /// What a new connection is to use. Looks at the files before, once a second at most.
  boost::asio::ssl::context& context();

  /// The same look, for times when nobody connects.
  void look();

  /// Loads now.
  void renew();

  /// Adds what is wrong, and how often it was.
  void tell(status_report& report) const;

private:
  using clock = std::chrono::steady_clock;

  /// Enough of a file to tell that it is not what it was.
  struct stamp {
    int problem = 0;
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::array<int64_t, 4> times = {};

    bool operator==(const stamp&) const = default;
  };

  std::vector<stamp> stamps() const;
  void take();
  void refuse(const std::string& why);
  /// Compares the dates of what is shown with the time of day.
  void judge();
  void note(detail::trouble& which, const std::string& text);

  loader load_;
  std::vector<std::string> files_;
  std::string shown_;
  tls_context context_;
  std::vector<stamp> stamps_;
  clock::time_point next_look_;
  std::string why_not_renewed_;
  detail::trouble not_renewed_{"certificate-not-renewed"};
  detail::trouble expires_{"certificate-expires"};
  detail::trouble expired_{"certificate-expired"};
  detail::trouble early_{"certificate-not-valid-yet"};
};

} // namespace sluice::http

#include "app/config/whole.hpp"

#include "app/config/invalid.hpp"
#include "app/config/key.hpp"
#include "app/config/text.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace sluice::config {

namespace {

enum class reach { none, loopback, beyond, not_an_address };

reach reach_of(const std::string& address) {
  if (address.empty())
    return reach::none;
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1)
    return ntohl(v4.s_addr) >> 24 == 127 ? reach::loopback : reach::beyond;
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) == 1)
    return IN6_IS_ADDR_LOOPBACK(&v6) ? reach::loopback : reach::beyond;
  return reach::not_an_address;
}

caf::error check_address(const http_settings& http) {
  const auto who = "http.address = " + shown(http.address);
  switch (reach_of(http.address)) {
    case reach::not_an_address:
      return invalid(who + ": allowed is an IPv4 or IPv6 address, or empty (no TCP)");
    case reach::none:
      if (http.socket.empty())
        return invalid("http.address = (empty): allowed only with http.socket, or there "
                       "is nothing to serve on");
      return caf::none;
    case reach::loopback:
      return caf::none;
    case reach::beyond:
      if (http.token_file.empty())
        return invalid(who + ": allowed beyond loopback only with http.token-file");
      if (http.certificate.empty() && !http.plain)
        return invalid(who
                       + ": allowed beyond loopback only with http.certificate and "
                         "http.key, or with http.plain = true");
      return caf::none;
  }
  return caf::none;
}

caf::error check_certificate(const http_settings& http) {
  if (!http.certificate.empty() && http.key.empty())
    return invalid("http.certificate = " + shown(http.certificate)
                   + ": allowed only with http.key");
  if (!http.key.empty() && http.certificate.empty())
    return invalid("http.key = " + shown(http.key)
                   + ": allowed only with http.certificate");
  return caf::none;
}

caf::error check_socket(const http_settings& http) {
  constexpr size_t path_max = sizeof(sockaddr_un::sun_path) - 1;
  if (http.socket.size() > path_max)
    return invalid("http.socket = " + shown(http.socket) + ": allowed is a path of "
                   + std::to_string(path_max) + " bytes at most");
  return caf::none;
}

} // namespace

void complete(settings& whole) {
  whole.files.bits = read_mode(whole.files.mode).value_or(0600);
  whole.session.debounced = whole.session.debounce != caf::timespan::zero();
  whole.http.max_line_bytes = whole.log.max_line_bytes;
  whole.http.max_names = whole.metrics.max_names;
  whole.http.max_answer_bytes_total =
    std::max(whole.http.max_answer_bytes_total, whole.http.max_response_bytes);
  whole.session.enforce_maintenance = whole.session.maintenance == "enforce";
  if (whole.sqlite.path.empty())
    whole.sqlite.path = whole.data_dir + "/sluice.db";
}

caf::error check_whole(const settings& whole) {
  for (auto check : {check_address, check_certificate, check_socket})
    if (auto err = check(whole.http))
      return err;
  return caf::none;
}

} // namespace sluice::config

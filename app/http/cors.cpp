#include "app/http/cors.hpp"

namespace sluice::http {

namespace {

// The service knows nobody by a cookie, so credentials give a page nothing, and a page
// that sends them all the same must not take what was done for something that failed.
constexpr std::string_view readable =
  "Access-Control-Allow-Credentials: true\r\n"
  "Access-Control-Expose-Headers: Accept-Encoding, Allow, Content-Length, Date, "
  "Retry-After, Sluice-Cut-By, Sluice-Lines, WWW-Authenticate\r\n"
  "Vary: Origin\r\n";

constexpr std::string_view allowed =
  "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n"
  "Access-Control-Allow-Headers: Accept, Authorization, Cache-Control, Content-Encoding, "
  "Content-Type, X-Requested-With\r\n"
  "Access-Control-Allow-Private-Network: true\r\n"
  "Access-Control-Max-Age: 600\r\n";

} // namespace

std::string cors_fields(std::string_view origin) {
  std::string text{"Access-Control-Allow-Origin: "};
  text += origin;
  text += "\r\n";
  text += readable;
  return text;
}

answer preflight_answer() {
  answer result{204, {}};
  result.headers = allowed;
  return result;
}

} // namespace sluice::http

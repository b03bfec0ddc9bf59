#include "app/http/problem.hpp"

#include "app/http/json_writer.hpp"

#include <boost/beast/http/status.hpp>

namespace sluice::http {

unsigned status_of(ec code) {
  switch (code) {
    case ec::none:
      return 200;
    case ec::invalid_argument:
    case ec::invalid_setting:
      return 400;
    case ec::not_found:
      return 404;
    case ec::too_large:
      return 413;
    case ec::refused:
      return 422;
    case ec::overloaded:
      return 429;
    case ec::stopping:
    case ec::unavailable:
      return 503;
    case ec::disk_full:
    case ec::disk_failed:
      return 507;
  }
  return 500;
}

answer problem(ec code, std::string_view detail) {
  return problem(status_of(code), to_string(code), detail);
}

answer problem(const caf::error& why) {
  return problem(code_of(why), text_of(why));
}

answer problem(unsigned status, std::string_view code, std::string_view detail) {
  json_writer json;
  json.open_object()
    .member("type", "about:blank")
    .member("title", reason(status))
    .member("status", status)
    .member("code", code)
    .member("detail", detail)
    .close_object();
  answer result{status, json.take(), "application/problem+json"};
  if (status == 429 || status == 503)
    result.headers = "Retry-After: 1\r\n";
  return result;
}

std::string_view reason(unsigned status) {
  const auto text =
    boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {text.data(), text.size()};
}

} // namespace sluice::http

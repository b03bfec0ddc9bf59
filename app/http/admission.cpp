#include "app/http/admission.hpp"

#include "app/http/problem.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

namespace sluice::http {

namespace {

bool same_field(boost::beast::string_view x, std::string_view y) {
  return boost::beast::iequals(x, {y.data(), y.size()});
}

/// Whether `text` is this media type, in UTF-8 where it names a charset.
bool is_type(std::string_view text, std::string_view type) {
  const auto semicolon = text.find(';');
  auto name = text.substr(0, semicolon);
  while (name.ends_with(' ') || name.ends_with('\t'))
    name.remove_suffix(1);
  if (!same_field({name.data(), name.size()}, type))
    return false;
  if (semicolon == text.npos)
    return true;
  const auto rest = text.substr(semicolon);
  for (auto [key, value] : boost::beast::http::param_list{{rest.data(), rest.size()}})
    if (same_field(key, "charset") && !same_field(value, "utf-8")
        && !same_field(value, "\"utf-8\""))
      return false;
  return true;
}

answer unauthorized() {
  auto result = problem(401, "unauthorized", "this service wants its bearer token");
  result.headers = "WWW-Authenticate: Bearer\r\n";
  return result;
}

answer foreign(std::string_view what) {
  return problem(403, "forbidden", std::string{what} + " is not the service's own");
}

/// The credentials of a request, which an upgrade may carry in its query.
std::string credentials(const head& x, const route* to, const target* where) {
  if (!to || !to->upgrade || !x.upgrade || x.authorization.data() != nullptr)
    return std::string{x.authorization};
  const auto token = query_reader{where->query}.text("token");
  return token && *token ? "Bearer " + std::string{**token} : std::string{};
}

} // namespace

std::optional<answer> admission::check_client(const head& x, const route* to,
                                              const target* where) const {
  if (!(to && to->open) && !access_.knows(credentials(x, to, where)))
    return unauthorized();
  const bool host_matters = !x.local && !(x.http_1_0 && x.host.empty());
  if (host_matters && !access_.serves_host(x.host, x.local_address))
    return foreign("Host");
  if (x.origin.data() != nullptr && !access_.serves_origin(x.origin, x.local_address))
    return foreign("Origin");
  return {};
}

std::optional<answer> admission::check_body(const head& x, const route& to,
                                            request& in) const {
  if (x.content_length && *x.content_length > body_max_)
    return problem(ec::too_large,
                   "the body is larger than " + std::to_string(body_max_) + " bytes");
  if (x.content_length == 0 || to.body == body_kind::none)
    return {};
  if (to.body == body_kind::lines) {
    in.ndjson = is_type(x.content_type, "application/x-ndjson");
    if (in.ndjson || is_type(x.content_type, "text/plain"))
      return {};
    return problem(415, "unsupported-media-type",
                   "lines are text/plain or application/x-ndjson, in UTF-8");
  }
  if (is_type(x.content_type, "application/json"))
    return {};
  return problem(415, "unsupported-media-type", "the body must be application/json");
}

admitted admission::admit(const head& x) const {
  admitted result;
  auto where = parse_target(x.target);
  auto found = where ? router_.find(x.method, *where) : match{};
  result.to = found.to;
  result.refusal = check_client(x, found.to, where ? &*where : nullptr);
  if (result.refusal)
    return result;
  if (closed_)
    result.refusal = problem(ec::stopping, "the service is stopping");
  else if (!where)
    result.refusal = problem(where.error());
  else if (!found.found)
    result.refusal = problem(ec::not_found, "there is nothing at this path");
  else if (!found.to) {
    result.refusal =
      problem(405, "method-not-allowed", "this path does not answer this method");
    result.refusal->headers = "Allow: " + router_.allowed(*where) + "\r\n";
  }
  if (result.refusal)
    return result;
  result.in.method = found.to->method;
  result.in.captures = std::move(found.captures);
  result.in.query = std::move(where->query);
  result.refusal = check_body(x, *found.to, result.in);
  return result;
}

} // namespace sluice::http

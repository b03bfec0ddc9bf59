#include "app/http/admission.hpp"

#include "app/config/text.hpp"
#include "app/http/cors.hpp"
#include "app/http/problem.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>

namespace sluice::http {

namespace {

bool same_field(boost::beast::string_view x, std::string_view y) {
  return boost::beast::iequals(x, {y.data(), y.size()});
}

/// Whether `text` is this media type, whatever its parameters.
bool is_type(std::string_view text, std::string_view type) {
  auto name = text.substr(0, text.find(';'));
  while (name.ends_with(' ') || name.ends_with('\t'))
    name.remove_suffix(1);
  return same_field({name.data(), name.size()}, type);
}

/// Whether `text` is this media type, in UTF-8 where it names a charset.
bool is_utf8_type(std::string_view text, std::string_view type) {
  if (!is_type(text, type))
    return false;
  const auto rest = text.substr(std::min(text.find(';'), text.size()));
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

answer forbidden(std::string_view why) {
  return problem(403, "forbidden", why);
}

answer unsupported(std::string_view why) {
  return problem(415, "unsupported-media-type", why);
}

/// The header that a client may have forgotten, as curl takes it.
std::string header_to_add(std::string_view type) {
  return "; add the header, with curl -H 'Content-Type: " + std::string{type} + "'";
}

/// What OPTIONS is told.
answer options(std::string_view allowed) {
  answer result{204, {}};
  result.headers = "Allow: " + std::string{allowed} + ", OPTIONS\r\n";
  return result;
}

std::optional<answer> check_type(const head& x, body_kind kind, bool& ndjson) {
  using namespace std::literals;
  const auto is = [&](std::string_view type) {
    return is_utf8_type(x.content_type, type);
  };
  if (kind == body_kind::lines) {
    ndjson = is("application/x-ndjson");
    // Lines of text are bytes: whatever their charset is, they are kept.
    if (ndjson || is_type(x.content_type, "text/plain"))
      return {};
    return unsupported("lines are text/plain, or application/x-ndjson in UTF-8"
                       + header_to_add("text/plain"));
  }
  const bool patches = kind == body_kind::merge_patch;
  if (is("application/json") || (patches && is("application/merge-patch+json")))
    return {};
  return unsupported("the body must be application/json"s
                     + (patches ? " or application/merge-patch+json" : "")
                     + header_to_add("application/json"));
}

/// Whether a body comes in gzip; none if in something else.
std::optional<bool> is_gzip(std::string_view encoding) {
  using boost::beast::http::opt_token_list;
  const opt_token_list codings{{encoding.data(), encoding.size()}};
  if (!boost::beast::http::validate_list(codings))
    return std::nullopt;
  bool packed = false;
  for (auto each : codings) {
    if (same_field(each, "identity"))
      continue;
    if (packed || (!same_field(each, "gzip") && !same_field(each, "x-gzip")))
      return std::nullopt;
    packed = true;
  }
  return packed;
}

answer unknown_coding() {
  auto result =
    unsupported("a body may come as it is or with Content-Encoding: gzip, no other");
  result.headers = "Accept-Encoding: gzip\r\n";
  return result;
}

/// The names of a route's parameters, in words.
std::string in_words(const parameter_names& names) {
  std::string result;
  for (auto each : names)
    if (!each.empty())
      result.append(result.empty() ? "it takes '" : ", '").append(each).append("'");
  return result.empty() ? "it takes none" : result;
}

/// A parameter that nobody looks at would be a wish that is not heeded.
std::optional<answer> check_query(const route& to, const std::vector<parameter>& query) {
  const auto refused = [](std::string why) { return problem(ec::invalid_argument, why); };
  for (auto x = query.begin(); x != query.end(); ++x) {
    const auto same = [&](const parameter& y) { return x->name == y.name; };
    const auto known = std::find(to.takes.begin(), to.takes.end(), x->name);
    if (x->name.empty() || known == to.takes.end())
      return refused("this path has no parameter '" + config::shown(x->name) + "'; "
                     + in_words(to.takes));
    if (std::any_of(query.begin(), x, same))
      return refused("the parameter '" + x->name + "' is given twice");
  }
  return {};
}

/// The credentials of a request, which an upgrade may carry in its query.
std::string credentials(const head& x, const route* to, const target* where) {
  if (!to || !to->upgrade || !x.upgrade || x.authorization.data() != nullptr)
    return std::string{x.authorization};
  const auto token = query_reader{where->query}.text("token");
  return token && *token ? "Bearer " + std::string{**token} : std::string{};
}

} // namespace

void admission::check_client(const head& x, const target* where, admitted& result) const {
  const auto host =
    where && where->authority ? std::string_view{*where->authority} : x.host;
  const bool says_host = !host.empty() || !x.http_1_0;
  const bool good_host = x.local || !says_host || access_.serves_host(host, x.where);
  const bool says_origin = x.origin.data() != nullptr;
  const bool good_origin = says_origin && access_.serves_origin(x.origin, host, x.where);
  if (good_host && good_origin)
    result.origin = x.origin;
  // A browser asks without a token, and what it is told is no secret.
  const bool open =
    (result.to && result.to->open) || (x.preflight && !result.origin.empty());
  if (!open && !access_.knows(credentials(x, result.to, where)))
    result.refusal = unauthorized();
  else if (!good_host)
    result.refusal = forbidden(access_.refused_host(host));
  else if (says_origin && !good_origin)
    result.refusal = forbidden(access_.refused_origin(x.origin));
  else if (x.for_other_page && !says_origin)
    result.refusal = forbidden(access_.refused_page());
  else if (x.preflight && says_origin)
    result.refusal = preflight_answer();
}

void admission::find_route(const head& x, const target& where, match& found,
                           admitted& result) const {
  const auto allowed = found.to ? std::string{} : router_.allowed(where);
  if (found.to) {
    result.in.method = found.to->method;
    result.in.captures = std::move(found.captures);
  } else if (allowed.empty()) {
    result.refusal =
      problem(ec::not_found, "there is nothing at this path; the nearest is "
                               + router_.nearest(where) + ", and docs/api.md has all");
  } else if (x.method == "OPTIONS") {
    result.refusal = options(allowed);
  } else if (where.whole_service) {
    result.refusal = problem(ec::invalid_argument, "only OPTIONS can ask about *");
  } else {
    result.refusal =
      problem(405, "method-not-allowed", "this path does not answer this method");
    result.refusal->headers = "Allow: " + allowed + "\r\n";
  }
}

void admission::check_body(const head& x, admitted& result) const {
  const auto kind = result.to->body;
  if (x.content_length && *x.content_length > body_max_)
    result.refusal = problem(ec::too_large, "the body is larger than "
                                              + std::to_string(body_max_) + " bytes");
  else if (x.content_length == 0 || kind == body_kind::none)
    return;
  else if (auto why = check_type(x, kind, result.in.ndjson))
    result.refusal = std::move(why);
  else if (auto gzip = is_gzip(x.content_encoding))
    result.gzip = *gzip;
  else
    result.refusal = unknown_coding();
}

admitted admission::admit(const head& x) const {
  admitted result;
  auto where = parse_target(x.target);
  auto found = where ? router_.find(x.method, *where) : match{};
  result.to = found.to;
  check_client(x, where ? &*where : nullptr, result);
  if (!result.refusal && closed_)
    result.refusal = problem(ec::stopping, "the service is stopping");
  if (!result.refusal && !where)
    result.refusal = problem(where.error());
  if (!result.refusal)
    find_route(x, *where, found, result);
  if (!result.refusal)
    check_body(x, result);
  if (!result.refusal)
    result.refusal = check_query(*result.to, where->query);
  if (!result.refusal)
    result.in.query = std::move(where->query);
  return result;
}

} // namespace sluice::http

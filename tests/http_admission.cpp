// What is refused by its header, in which order, and what finds its route.
#define CAF_SUITE http_admission

#include "app/http/admission.hpp"
#include "app/http/problem.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::http;

namespace {

admission make(std::string_view token = {}) {
  router table;
  table.add(log_routes());
  table.add(session_routes());
  table.add(database_routes());
  table.add(database_care_routes());
  table.add(health_routes());
  return {access_rules{token, "", {"page.example"}, 3000}, std::move(table), 1000};
}

head request_head(std::string_view method, std::string_view target, uint64_t length = 0,
                  std::string_view type = {}) {
  head x;
  x.method = method;
  x.target = target;
  x.host = "localhost";
  x.content_length = length;
  x.content_type = type;
  return x;
}

unsigned status(const admission& uut, const head& x) {
  auto result = uut.admit(x);
  return result.refusal ? result.refusal->status : 200;
}

std::string route_of(std::string_view method, std::string_view target) {
  auto x = make().admit(request_head(method, target));
  return x.to ? std::string{x.to->pattern} : "none";
}

} // namespace

CAF_TEST(of several reasons the first in the promised order is told) {
  auto uut = make("secret");
  auto x = request_head("BREW", "/nowhere", 5000, "text/html");
  x.host = "evil.example";
  CAF_CHECK_EQUAL(status(uut, x), 401u);
  x.authorization = "Bearer secret";
  CAF_CHECK_EQUAL(status(uut, x), 403u);
  x.host = "localhost";
  CAF_CHECK_EQUAL(status(uut, x), 404u);
  x.target = "/v1/db/query?durability=tape";
  CAF_CHECK_EQUAL(status(uut, x), 405u);
  x.method = "POST";
  CAF_CHECK_EQUAL(status(uut, x), 413u);
  x.content_length = 1000;
  CAF_CHECK_EQUAL(status(uut, x), 415u);
  x.content_type = "application/json";
  CAF_CHECK_EQUAL(status(uut, x), 400u);
  x.target = "/v1/db/query";
  CAF_CHECK_EQUAL(status(uut, x), 200u);
}

CAF_TEST(a target that is no path is malformed but a wrong token comes first) {
  CAF_CHECK_EQUAL(status(make(), request_head("GET", "/%zz")), 400u);
  CAF_CHECK_EQUAL(status(make("secret"), request_head("GET", "/%zz")), 401u);
}

CAF_TEST(only liveness needs no token) {
  auto uut = make("secret");
  CAF_CHECK_EQUAL(status(uut, request_head("GET", "/health/live")), 200u);
  CAF_CHECK_EQUAL(status(uut, request_head("HEAD", "/health/live")), 200u);
  for (auto target : {"/health", "/health/ready", "/v1/config", "/nowhere"})
    CAF_CHECK_EQUAL(status(uut, request_head("GET", target)), 401u);
}

CAF_TEST(a service that stops refuses everything it would have taken) {
  auto uut = make("secret");
  uut.close();
  auto x = request_head("GET", "/v1/logs");
  CAF_CHECK_EQUAL(status(uut, x), 401u);
  x.authorization = "Bearer secret";
  CAF_CHECK_EQUAL(status(uut, x), 503u);
}

CAF_TEST(a flush has its path even where a name could stand) {
  CAF_CHECK_EQUAL(route_of("POST", "/v1/logs/flush"), "/v1/logs/flush");
  CAF_CHECK_EQUAL(route_of("GET", "/v1/logs/flush"), "/v1/logs/{}");
  CAF_CHECK_EQUAL(route_of("POST", "/v1/logs/app"), "/v1/logs/{}");
  CAF_CHECK_EQUAL(route_of("POST", "/v1/sessions/flush"), "/v1/sessions/flush");
  CAF_CHECK_EQUAL(route_of("PUT", "/v1/sessions/flush"), "/v1/sessions/{}");
  CAF_CHECK_EQUAL(route_of("POST", "/v1/sessions/a/flush"), "/v1/sessions/{}/flush");
  CAF_CHECK_EQUAL(route_of("POST", "/v1/sessions/a/prune"), "/v1/sessions/{}/prune");
  CAF_CHECK_EQUAL(route_of("PUT", "/v1/sessions/a/flush"), "/v1/sessions/{}/{}");
}

CAF_TEST(captures are decoded) {
  auto uut = make();
  auto x = uut.admit(request_head("GET", "/v1/sessions/main/agent%3A1%2Fx"));
  CAF_REQUIRE(x.to != nullptr);
  CAF_CHECK_EQUAL(x.in.captures, (std::vector<std::string>{"main", "agent:1/x"}));
}

CAF_TEST(paths that nobody serves are not found) {
  for (auto target : {"/", "/v1", "/v1/", "/v1/logs/a/", "/v1//logs", "/v1/ledgers",
                      "/v1/actors", "/metrics", "/v1/topics/x", "/v1/sessions/a/b/c"})
    CAF_CHECK_EQUAL(status(make(), request_head("GET", target)), 404u);
}

CAF_TEST(a wrong method is told which would do) {
  auto x = make().admit(request_head("DELETE", "/v1/sessions/main"));
  CAF_REQUIRE(x.refusal.has_value());
  CAF_CHECK_EQUAL(x.refusal->status, 405u);
  CAF_CHECK_EQUAL(x.refusal->headers, "Allow: GET, HEAD, PUT\r\n");
}

CAF_TEST(OPTIONS tells the methods of a path or of the service) {
  const auto told = [](std::string_view target) {
    auto x = make().admit(request_head("OPTIONS", target));
    return std::to_string(x.refusal->status) + ' ' + x.refusal->headers;
  };
  CAF_CHECK_EQUAL(told("/v1/sessions/a"), "204 Allow: GET, HEAD, PUT, OPTIONS\r\n");
  CAF_CHECK_EQUAL(told("*"),
                  "204 Allow: POST, GET, HEAD, PUT, PATCH, DELETE, OPTIONS\r\n");
  CAF_CHECK_EQUAL(status(make(), request_head("OPTIONS", "/nowhere")), 404u);
  CAF_CHECK_EQUAL(status(make(), request_head("GET", "*")), 400u);
  CAF_CHECK_EQUAL(status(make("secret"), request_head("OPTIONS", "/v1/logs")), 401u);
}

CAF_TEST(a browser is told before a request whether a page may send it) {
  auto uut = make("secret");
  auto x = request_head("OPTIONS", "/v1/logs/app");
  x.preflight = true;
  x.origin = "http://page.example";
  auto answered = uut.admit(x);
  CAF_CHECK_EQUAL(answered.refusal->status, 204u);
  CAF_CHECK_EQUAL(answered.origin, "http://page.example");
  CAF_MESSAGE("any other origin is a stranger");
  x.origin = "http://other.example";
  answered = uut.admit(x);
  CAF_CHECK_EQUAL(answered.refusal->status, 401u);
  CAF_CHECK(answered.origin.empty());
  CAF_MESSAGE("and so is a good one that calls the service by a name that it has not");
  x.origin = "http://page.example";
  x.host = "evil.example";
  answered = uut.admit(x);
  CAF_CHECK_EQUAL(answered.refusal->status, 401u);
  CAF_CHECK(answered.origin.empty());
}

CAF_TEST(a page of another site asks nothing unless its origin is named) {
  auto uut = make();
  auto x = request_head("GET", "/health");
  x.for_other_page = true;
  auto refused = uut.admit(x).refusal;
  CAF_REQUIRE(refused.has_value());
  CAF_CHECK_EQUAL(refused->status, 403u);
  CAF_CHECK(refused->body.find("http.hosts") != std::string::npos);
  x.origin = "http://other.example";
  CAF_CHECK_EQUAL(status(uut, x), 403u);
  x.origin = "http://page.example";
  CAF_CHECK_EQUAL(status(uut, x), 200u);
  CAF_MESSAGE("and a wrong token is told first");
  x.origin = {};
  CAF_CHECK_EQUAL(status(make("secret"), x), 401u);
}

CAF_TEST(the host of a whole URL stands for the one of the header) {
  auto x = request_head("GET", "http://localhost:3000/health");
  x.host = "evil.example";
  CAF_CHECK_EQUAL(status(make(), x), 200u);
  x.target = "http://evil.example/health";
  x.host = "localhost";
  CAF_CHECK_EQUAL(status(make(), x), 403u);
  for (auto bad : {"ftp://localhost/health", "http:/health", "http:///health",
                   "http://a@localhost/health", "localhost:3000/health", "x",
                   "http://localhost/health#x", "//localhost/health"}) {
    x.target = bad;
    CAF_CHECK(status(make(), x) == 400u || status(make(), x) == 404u);
  }
}

CAF_TEST(media types are compared without their parameters) {
  auto json = [](std::string_view type) {
    return status(make(), request_head("POST", "/v1/db/query", 10, type));
  };
  for (auto good :
       {"application/json", "Application/JSON", "application/json;charset=utf-8",
        "application/json ; charset=\"UTF-8\"", "application/json; v=1"})
    CAF_CHECK_EQUAL(json(good), 200u);
  for (auto bad :
       {"", "text/plain", "application/jsonx", "application/json; charset=latin1"})
    CAF_CHECK_EQUAL(json(bad), 415u);
}

CAF_TEST(lines are plain text or NDJSON) {
  auto post = [](std::string_view type) {
    return make().admit(request_head("POST", "/v1/logs/app", 10, type));
  };
  CAF_CHECK(!post("text/plain").refusal);
  CAF_CHECK(!post("text/plain").in.ndjson);
  CAF_CHECK(post("application/x-ndjson; charset=utf-8").in.ndjson);
  CAF_CHECK(post("application/json").refusal.has_value());
}

CAF_TEST(a patch may say what it is) {
  const auto sent = [](std::string_view method, std::string_view type) {
    return status(make(), request_head(method, "/v1/sessions/a/b", 10, type));
  };
  CAF_CHECK_EQUAL(sent("PATCH", "application/merge-patch+json"), 200u);
  CAF_CHECK_EQUAL(sent("PATCH", "Application/Merge-Patch+JSON; charset=utf-8"), 200u);
  CAF_CHECK_EQUAL(sent("PATCH", "application/json"), 200u);
  CAF_CHECK_EQUAL(sent("PATCH", "application/json-patch+json"), 415u);
  CAF_CHECK_EQUAL(sent("PUT", "application/merge-patch+json"), 415u);
}

CAF_TEST(a body comes as it is or in gzip) {
  auto x = request_head("POST", "/v1/logs/app", 10, "text/plain");
  for (auto plainly : {"", "identity", "Identity, identity"}) {
    x.content_encoding = plainly;
    CAF_CHECK(!make().admit(x).refusal);
    CAF_CHECK(!make().admit(x).gzip);
  }
  for (auto packed : {"gzip", "GZIP", "x-gzip", "identity, gzip", ",gzip,"}) {
    x.content_encoding = packed;
    CAF_CHECK(!make().admit(x).refusal);
    CAF_CHECK(make().admit(x).gzip);
  }
  for (auto unknown : {"br", "deflate", "gzip, gzip", "gzip;q=1", "gzip x", "zstd, gzip",
                       "\xff", "gzipx"}) {
    x.content_encoding = unknown;
    auto refused = make().admit(x).refusal;
    CAF_REQUIRE(refused.has_value());
    CAF_CHECK_EQUAL(refused->status, 415u);
    CAF_CHECK_EQUAL(refused->headers, "Accept-Encoding: gzip\r\n");
  }
}

CAF_TEST(a parameter that a route does not take is refused) {
  for (auto good : {"?durability=disk", "?", ""})
    CAF_CHECK_EQUAL(
      status(make(), request_head("POST", std::string{"/v1/logs/app"} + good)), 200u);
  for (auto bad : {"?durabilty=disk", "?durability=ram&durability=ram", "?=x", "?&",
                   "?durability=ram&", "?Durability=ram", "?lines=1", "?%00=1", "?%ff=1",
                   "?token=x", "?durability=%zz"}) {
    const auto target = std::string{"/v1/logs/app"} + bad;
    CAF_CHECK_EQUAL(status(make(), request_head("POST", target)), 400u);
  }
  auto refused = make().admit(request_head("POST", "/v1/db/execute?queued=true")).refusal;
  CAF_REQUIRE(refused.has_value());
  CAF_CHECK(refused->body.find("'queued'; it takes 'durability', 'queue'")
            != std::string::npos);
}

CAF_TEST(a path that is not there is answered with the nearest one) {
  const auto nearest = [](std::string_view target) {
    auto body = make().admit(request_head("GET", target)).refusal->body;
    const auto begin = body.find("nearest is ") + 11;
    return body.substr(begin, body.find(',', begin) - begin);
  };
  CAF_CHECK_EQUAL(nearest("/v1/log/app"), "/v1/logs/{name}");
  CAF_CHECK_EQUAL(nearest("/logs/app"), "/v1/logs/{name}");
  CAF_CHECK_EQUAL(nearest("/v1/logs/app/tial"), "/v1/logs/{name}/tail");
  CAF_CHECK_EQUAL(nearest("/v1/logs/app/"), "/v1/logs/{name}");
  CAF_CHECK_EQUAL(nearest("/"), "/health");
  CAF_CHECK_EQUAL(nearest("/healthz"), "/health");
  CAF_CHECK_EQUAL(nearest("/V1/Config"), "/v1/config");
  const auto endless = "/" + std::string(200, '/') + std::string(9000, 'x');
  CAF_CHECK(!nearest(endless).empty());
}

CAF_TEST(an empty body needs no type and a chunked one does) {
  auto x = request_head("POST", "/v1/db/checkpoint");
  CAF_CHECK_EQUAL(status(make(), x), 200u);
  x.content_length.reset();
  CAF_CHECK_EQUAL(status(make(), x), 415u);
}

CAF_TEST(each code has its status and too much has a time to come back) {
  using enum ec;
  const std::pair<ec, unsigned> table[] = {
    {invalid_argument, 400}, {not_found, 404},  {too_large, 413},
    {refused, 422},          {overloaded, 429}, {stopping, 503},
    {unavailable, 503},      {disk_full, 507},  {disk_failed, 507}};
  for (auto [code, expected] : table) {
    auto x = problem(code, "words");
    CAF_CHECK_EQUAL(x.status, expected);
    CAF_CHECK_EQUAL(x.headers.empty(), expected != 429 && expected != 503);
  }
  const auto body = problem(refused, "no such table").body;
  CAF_CHECK_EQUAL(body,
                  R"({"type":"about:blank","title":"Unprocessable Entity","status":422,)"
                  R"("code":"refused","detail":"no such table"})");
}

CAF_TEST(a host that is said counts in HTTP 1 0 too) {
  auto x = request_head("GET", "/health");
  x.http_1_0 = true;
  x.host = "evil.example";
  CAF_CHECK_EQUAL(status(make(), x), 403u);
  x.host = "localhost";
  CAF_CHECK_EQUAL(status(make(), x), 200u);
  CAF_MESSAGE("and one that is not need not be");
  x.host = {};
  CAF_CHECK_EQUAL(status(make(), x), 200u);
  x.http_1_0 = false;
  CAF_CHECK_EQUAL(status(make(), x), 403u);
}

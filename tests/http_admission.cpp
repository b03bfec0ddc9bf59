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
  table.add(health_routes());
  return {access_rules{token, "", {}, 3000}, std::move(table), 1000};
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

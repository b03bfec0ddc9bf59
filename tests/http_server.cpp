// The HTTP side on real sockets and threads, with mocks behind it.
#define CAF_SUITE http_server
#include "tests/http_fixture.hpp"

#include <caf/send.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

CAF_TEST_FIXTURE_SCOPE(http_server_tests, http_fixture)

// -- lines --------------------------------------------------------------------------

CAF_TEST(lines are taken whole and answered with their number) {
  open();
  auto answer = ask(post_lines("app", "one\r\n\ntwo"));
  CAF_CHECK_EQUAL(answer.status, 202u);
  CAF_CHECK_EQUAL(answer.body, R"({"accepted":3,"seq":3,"durability":"memory"})");
  CAF_CHECK_EQUAL(cast->x->text(), "one\n\ntwo\n");
}

CAF_TEST(pipelined requests are answered in their order) {
  open();
  auto peer = connect();
  std::string all;
  for (int i = 0; i < 200; ++i)
    all += i % 2 ? request("GET /health/live") : post_lines("app", "x");
  peer.send(all);
  for (int i = 0; i < 200; ++i)
    CAF_REQUIRE_EQUAL(peer.read().status, i % 2 ? 200u : 202u);
  CAF_CHECK_EQUAL(cast->x->accepted, 100u);
  CAF_CHECK_EQUAL(cast->x->lookups, 1u);
}

CAF_TEST(a chunked body is a body) {
  open();
  auto answer = ask("POST /v1/logs/app HTTP/1.1\r\nHost: localhost\r\n"
                    "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "4\r\none\n\r\n3\r\ntwo\r\n0\r\n\r\n");
  CAF_CHECK_EQUAL(answer.status, 202u);
  CAF_CHECK_EQUAL(cast->x->text(), "one\ntwo\n");
}

CAF_TEST(a request that comes byte by byte is understood) {
  open();
  auto peer = connect();
  for (char c : post_lines("app", "slow\n"))
    peer.send(std::string(1, c));
  CAF_CHECK_EQUAL(peer.read().status, 202u);
}

CAF_TEST(who waits for a word before sending is told to go on) {
  open();
  auto peer = connect();
  peer.send(
    "POST /v1/logs/app HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
    "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  CAF_CHECK_EQUAL(peer.read().status, 100u);
  peer.send("one\n");
  CAF_CHECK_EQUAL(peer.read().status, 202u);
}

CAF_TEST(a level that is none is refused and nothing is taken) {
  open();
  CAF_CHECK_EQUAL(ask(post_lines("app?durability=tape", "x")).status, 400u);
  CAF_CHECK_EQUAL(ask(post_lines("app?durability=disk&durability=disk", "x")).status,
                  400u);
  CAF_CHECK_EQUAL(cast->x->accepted, 0u);
}

CAF_TEST(disk is answered with 200 once it is reached) {
  open();
  auto answer = ask(post_lines("app?durability=disk", "x"));
  CAF_CHECK_EQUAL(answer.status, 200u);
  CAF_CHECK_EQUAL(answer.body, R"({"accepted":1,"seq":1,"durability":"disk"})");
}

CAF_TEST(disk that is not reached in time is answered with the level there is) {
  settings.disk_timeout = 100ms;
  open();
  cast->x->never_sync = true;
  auto answer = ask(post_lines("app?durability=disk", "x"));
  CAF_CHECK_EQUAL(answer.status, 202u);
  CAF_CHECK_EQUAL(answer.body, R"({"accepted":1,"seq":1,"durability":"memory"})");
}

CAF_TEST(a log that nobody wrote to is not found) {
  open();
  CAF_CHECK_EQUAL(ask(request("GET /v1/logs/absent/tail")).status, 404u);
  CAF_CHECK_EQUAL(ask(request("GET /v1/logs/absent")).status, 404u);
}

CAF_TEST(a bad line refuses the request) {
  open();
  CAF_CHECK_EQUAL(ask(post_lines("app?invalid=refuse", "a\xff")).status, 400u);
  CAF_CHECK_EQUAL(ask(post_lines("app?invalid=some", "a")).status, 400u);
  CAF_CHECK_EQUAL(ask(post_lines(".app", "x")).status, 400u);
  CAF_CHECK_EQUAL(ask(request("POST /v1/logs/app", "{}\nnot json\n",
                              "Content-Type: application/x-ndjson\r\n"))
                    .status,
                  400u);
  CAF_CHECK_EQUAL(cast->x->accepted, 0u);
}

// -- documents and SQL ----------------------------------------------------------------

CAF_TEST(a document comes back as the bytes that were sent) {
  open();
  auto peer = connect();
  auto answer = peer.ask(post_json("PUT /v1/sessions/main/agent%3A1", "{ \"n\" : 1.0 }"));
  CAF_CHECK_EQUAL(answer.status, 202u);
  CAF_CHECK_EQUAL(answer.body, R"({"seq":1,"durability":"memory"})");
  CAF_CHECK_EQUAL(peer.ask(request("GET /v1/sessions/main/agent:1")).body,
                  "{ \"n\" : 1.0 }");
}

CAF_TEST(an encoded slash belongs to the key) {
  open();
  CAF_CHECK_EQUAL(ask(request("GET /v1/sessions/main/echo%2Fkey")).body,
                  R"({"slash":true})");
  CAF_CHECK_EQUAL(ask(request("GET /v1/sessions/main/echo/key")).status, 404u);
}

CAF_TEST(a store comes back as one object) {
  open();
  CAF_CHECK_EQUAL(ask(request("GET /v1/sessions/main")).body, R"({"a":{"n": 1},"b":{}})");
}

CAF_TEST(what the database refuses is 422 in its own words) {
  open();
  auto answer = ask(post_json("POST /v1/db/query", R"({"sql":"bad"})"));
  CAF_CHECK_EQUAL(answer.status, 422u);
  CAF_CHECK(answer.body.find("syntax error") != std::string::npos);
  CAF_CHECK(answer.has("application/problem+json"));
}

CAF_TEST(rows are answered with their columns) {
  open();
  CAF_CHECK_EQUAL(ask(post_json("POST /v1/db/query", R"({"sql":"select"})")).body,
                  R"({"columns":["n","blob"],"rows":[[7,{"$blob":"YWJj"}]]})");
  CAF_CHECK_EQUAL(
    ask(post_json("POST /v1/db/execute?durability=disk", R"({"sql":"x"})")).body,
    R"({"changes":1,"lastInsertRowid":0,"durability":"disk"})");
}

CAF_TEST(SQL for a queue that is not there is refused) {
  open();
  CAF_CHECK_EQUAL(
    ask(post_json("POST /v1/db/execute?queue=true", R"({"sql":"x"})")).status, 503u);
}

// -- refusals -------------------------------------------------------------------------

CAF_TEST(a short body of a refused request does not cost the connection) {
  open();
  auto peer = connect();
  CAF_CHECK_EQUAL(peer.ask(post_json("POST /v1/logs/app", "{}")).status, 415u);
  CAF_CHECK_EQUAL(peer.ask(post_json("POST /nowhere", "{}")).status, 404u);
  auto answer = peer.ask(request("DELETE /v1/logs/app"));
  CAF_CHECK_EQUAL(answer.status, 405u);
  CAF_CHECK(answer.has("Allow: POST, GET, HEAD\r\n"));
  CAF_CHECK_EQUAL(peer.ask(post_lines("app", "still here")).status, 202u);
}

CAF_TEST(a long body of a refused request ends the connection behind the answer) {
  settings.max_body_bytes = 100'000;
  open();
  auto peer = connect();
  std::thread sender{[&] { peer.send(post_lines("app", std::string(8'000'000, 'x'))); }};
  auto answer = peer.read();
  sender.join();
  CAF_CHECK_EQUAL(answer.status, 413u);
  CAF_CHECK(answer.has("Connection: close\r\n"));
  peer.close();
  CAF_CHECK_EQUAL(cast->in_flight->used_bytes(), 0u);
}

CAF_TEST(a chunked body that grows past the limit is refused) {
  settings.max_body_bytes = 4096;
  open();
  auto chunk = "800\r\n" + std::string(2048, 'x') + "\r\n";
  auto answer = ask("POST /v1/logs/app HTTP/1.1\r\nHost: localhost\r\n"
                    "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + chunk + chunk + chunk + "0\r\n\r\n");
  CAF_CHECK_EQUAL(answer.status, 413u);
}

CAF_TEST(malformed HTTP is 400 and ends the connection) {
  open();
  for (auto text :
       {"GET\r\n\r\n", "GET / HTTP/3.0\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
        "POST /v1/logs/a HTTP/1.1\r\nHost: localhost\r\n"
        "Transfer-Encoding: gzip\r\n\r\n",
        "POST /v1/logs/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"}) {
    auto peer = connect();
    CAF_CHECK_EQUAL(peer.ask(text).status, 400u);
    CAF_CHECK(peer.ended());
  }
}

CAF_TEST(a header past its limit is 431) {
  open();
  auto peer = connect();
  peer.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x'));
  CAF_CHECK_EQUAL(peer.read().status, 431u);
  CAF_CHECK(peer.ended());
}

CAF_TEST(a header that does not end in time is 408) {
  settings.idle_timeout = 200ms;
  open();
  auto peer = connect();
  peer.send("GET / HTTP/1.1\r\nHost: local");
  CAF_CHECK_EQUAL(peer.read().status, 408u);
  CAF_CHECK(peer.ended());
}

CAF_TEST(a body that trickles is 408 and one that flows is taken) {
  // Far longer than a busy machine takes between two pieces, and shorter than all take.
  settings.idle_timeout = 1s;
  open();
  auto slow = connect();
  slow.send(post_lines("app", std::string(1000, 'x')).substr(0, 200));
  CAF_CHECK_EQUAL(slow.read().status, 408u);
  auto steady = connect();
  auto text = post_lines("app", std::string(40'000, 'x'));
  for (size_t i = 0; i < text.size(); i += 5000) {
    steady.send(text.substr(i, 5000));
    std::this_thread::sleep_for(150ms);
  }
  CAF_CHECK_EQUAL(steady.read().status, 202u);
  CAF_CHECK(soon([&] { return cast->in_flight->used_bytes() == 0; }));
}

CAF_TEST(a connection that is idle for too long is closed) {
  settings.idle_timeout = 200ms;
  open();
  auto peer = connect();
  CAF_CHECK_EQUAL(peer.ask(request("GET /health/live")).status, 200u);
  CAF_CHECK(peer.ended());
}

// -- bounds ---------------------------------------------------------------------------

CAF_TEST(what does not fit into the budget is 429 and later goes through) {
  open(20'000);
  cast->x->hold_appends = true;
  auto first = connect();
  first.send(post_lines("app", std::string(15'000, 'x')));
  CAF_REQUIRE(soon([&] { return cast->in_flight->used_bytes() > 15'000; }));
  auto second = connect();
  auto answer = second.ask(post_lines("app", std::string(10'000, 'y')));
  CAF_CHECK_EQUAL(answer.status, 429u);
  CAF_CHECK(answer.has("Retry-After: "));
  CAF_MESSAGE("reading is still possible and the first request is not harmed");
  CAF_CHECK_EQUAL(second.ask(request("GET /health/live")).status, 200u);
  cast->x->hold_appends = false;
  {
    std::lock_guard guard{cast->x->mutex};
    for (auto& [chunk, promise] : cast->x->held)
      promise.deliver(log_receipt{1, 1});
    cast->x->held.clear();
  }
  CAF_CHECK_EQUAL(first.read().status, 202u);
  CAF_REQUIRE(soon([&] { return cast->in_flight->used_bytes() == 0; }));
  CAF_CHECK_EQUAL(second.ask(post_lines("app", std::string(10'000, 'y'))).status, 202u);
}

CAF_TEST(what does not fit because writing fails is 507) {
  open(5'000);
  cast->x->writing_fails = true;
  CAF_CHECK_EQUAL(ask(post_lines("app", std::string(10'000, 'y'))).status, 507u);
}

CAF_TEST(one connection too many is told so) {
  settings.max_connections = 2;
  open();
  const auto begin = request("POST /v1/logs/app", "x",
                             "Content-Type: text/plain\r\nExpect: 100-continue\r\n");
  auto first = connect();
  auto second = connect();
  for (auto* each : {&first, &second}) {
    each->send(begin.substr(0, begin.size() - 1));
    CAF_CHECK_EQUAL(each->read().status, 100u);
  }
  auto third = connect();
  auto answer = third.ask(post_lines("app", "y"));
  CAF_CHECK_EQUAL(answer.status, 503u);
  CAF_CHECK(answer.has("Retry-After: "));
  CAF_CHECK(third.ended());
  CAF_MESSAGE("but it may ask how the service is");
  CAF_CHECK_EQUAL(ask(request("GET /health/live")).status, 200u);
  for (auto* each : {&first, &second}) {
    each->send("x");
    CAF_CHECK_EQUAL(each->read().status, 202u);
  }
  CAF_CHECK_EQUAL(ask(post_lines("app", "y")).status, 202u);
}

CAF_TEST(an answer past its limit is 413) {
  settings.max_response_bytes = 4096;
  open();
  ask(post_lines("app", std::string(5000, 'x')));
  CAF_CHECK_EQUAL(ask(request("GET /v1/logs/app/tail")).status, 413u);
}

CAF_TEST(a long answer arrives whole) {
  open();
  const auto line = std::string(900'000, 'x') + "\n";
  for (int i = 0; i < 5; ++i)
    ask(post_lines("app", line));
  CAF_CHECK_EQUAL(ask(request("GET /v1/logs/app/tail")).body.size(), 5 * line.size());
}

// -- manners ----------------------------------------------------------------------------

CAF_TEST(HEAD is answered like GET without the body) {
  open();
  auto peer = connect();
  peer.send(request("HEAD /health/live"));
  auto answer = peer.read(true);
  CAF_CHECK_EQUAL(answer.status, 200u);
  CAF_CHECK(answer.has("Content-Length: 15\r\n"));
  CAF_CHECK_EQUAL(peer.ask(request("GET /health/live")).body, R"({"status":"ok"})");
}

CAF_TEST(HTTP 1.0 is answered and closed unless it asks to stay) {
  open();
  auto once = connect();
  CAF_CHECK_EQUAL(once.ask("GET /health/live HTTP/1.0\r\n\r\n").status, 200u);
  CAF_CHECK(once.ended());
  auto twice = connect();
  auto stay = "GET /health/live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  CAF_CHECK(twice.ask(stay).has("Connection: keep-alive\r\n"));
  CAF_CHECK_EQUAL(twice.ask(stay).status, 200u);
}

CAF_TEST(a page from elsewhere is refused before anything is looked at) {
  open();
  auto evil = "GET /nowhere HTTP/1.1\r\nHost: evil.example\r\n\r\n";
  CAF_CHECK_EQUAL(ask(evil).status, 403u);
  CAF_CHECK_EQUAL(
    ask(request("GET /health/live", {}, "Origin: http://evil.example\r\n")).status, 403u);
  CAF_CHECK_EQUAL(ask(request("GET /health/live", {}, "Origin: null\r\n")).status, 403u);
}

CAF_TEST(health counts the bytes of the sockets) {
  open();
  auto peer = connect();
  auto text = request("GET /health/live");
  auto size = peer.ask(text).body.size();
  auto answer = peer.ask(request("GET /health"));
  CAF_CHECK_EQUAL(answer.status, 200u);
  CAF_CHECK(answer.body.find(R"("status":"ok")") != std::string::npos);
  CAF_CHECK(answer.body.find(R"("totalMB":0,)") == std::string::npos);
  CAF_CHECK(size > 0);
}

CAF_TEST(health is degraded and readiness fails when a check does) {
  open();
  cast->x->writing_fails = true;
  auto answer = ask(request("GET /health"));
  CAF_CHECK_EQUAL(answer.status, 200u);
  CAF_CHECK(answer.body.find(R"("status":"degraded")") != std::string::npos);
  answer = ask(request("GET /health/ready"));
  CAF_CHECK_EQUAL(answer.status, 503u);
  CAF_CHECK(answer.body.find(R"("log-disk":{"ok":false)") != std::string::npos);
}

// -- the other ways in
// --------------------------------------------------------------------

CAF_TEST(a unix socket is for this user alone and goes with the server) {
  char dir[] = "/tmp/sluice-http-XXXXXX";
  CAF_REQUIRE(::mkdtemp(dir) != nullptr);
  settings.address = "";
  settings.socket = std::string{dir} + "/http.sock";
  open();
  CAF_CHECK_EQUAL(server->address(), "unix:" + settings.socket);
  client peer{settings.socket};
  CAF_CHECK_EQUAL(peer.ask("GET /health/live HTTP/1.1\r\nHost: any\r\n\r\n").status,
                  200u);
  CAF_MESSAGE("a second server does not take it away");
  http::server other{*sys, settings, websocket_settings{}, cast->back};
  CAF_CHECK(code_of(other.start()) == ec::unavailable);
  server->finish();
  CAF_CHECK(::access(settings.socket.c_str(), F_OK) != 0);
  ::rmdir(dir);
}

CAF_TEST(an address that is taken is unavailable) {
  open();
  settings.port =
    static_cast<uint16_t>(std::stoi(server->address().substr(std::strlen("127.0.0.1:"))));
  http::server other{*sys, settings, websocket_settings{}, cast->back};
  CAF_CHECK(code_of(other.start()) == ec::unavailable);
}

// -- the end
// --------------------------------------------------------------------------------

CAF_TEST(a client that goes away early harms nobody) {
  open();
  for (int i = 0; i < 200; ++i) {
    auto peer = connect();
    auto text = post_lines("app", std::string(20'000, 'x'));
    peer.send(text.substr(0, static_cast<size_t>(i) * 101 % text.size()));
  }
  CAF_CHECK_EQUAL(ask(request("GET /health/live")).status, 200u);
  CAF_CHECK(soon([&] { return cast->in_flight->used_bytes() == 0; }));
}

CAF_TEST(a stopping server finishes what it began and refuses what is new) {
  open();
  cast->x->hold_appends = true;
  auto busy = connect();
  auto idle = connect();
  CAF_CHECK_EQUAL(idle.ask(request("GET /health/live")).status, 200u);
  busy.send(post_lines("app", "x") + post_lines("app", "y"));
  CAF_REQUIRE(soon([&] {
    std::lock_guard guard{cast->x->mutex};
    return cast->x->held.size() == 1;
  }));
  server->stop_intake();
  CAF_CHECK(idle.ended());
  {
    std::lock_guard guard{cast->x->mutex};
    cast->x->held[0].second.deliver(log_receipt{1, 1});
    cast->x->held.clear();
  }
  auto answer = busy.read();
  CAF_CHECK_EQUAL(answer.status, 202u);
  CAF_CHECK(answer.has("Connection: close\r\n"));
  busy.close();
  server->finish();
}

CAF_TEST(an answer that never comes does not hold the end up) {
  open();
  cast->x->hold_appends = true;
  auto peer = connect();
  peer.send(post_lines("app", "x"));
  CAF_REQUIRE(soon([&] { return cast->in_flight->used_bytes() > 0; }));
  server->finish();
  CAF_CHECK(peer.ended());
}

CAF_TEST_FIXTURE_SCOPE_END()

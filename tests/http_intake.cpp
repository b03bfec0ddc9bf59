// Who gets a place among the connections, and who has to give one up.
#define CAF_SUITE http_intake

#include "app/http/address_shares.hpp"
#include "tests/http_client.hpp"
#include "tests/http_fixture.hpp"

#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::chrono_literals;

CAF_TEST(an address has its share and gives it back) {
  http::address_shares uut{2};
  auto first = uut.take("10.0.0.1");
  auto second = uut.take("10.0.0.1");
  CAF_CHECK(first && second);
  CAF_CHECK(!uut.take("10.0.0.1"));
  CAF_CHECK(uut.take("10.0.0.2").has_value());
  CAF_MESSAGE("WHEN one is handed on and let go of");
  {
    const auto moved = std::move(*second);
    CAF_CHECK(!uut.take("10.0.0.1"));
  }
  second = uut.take("10.0.0.1");
  CAF_CHECK(second.has_value());
  CAF_MESSAGE("AND who is nobody is not counted");
  auto nobody = uut.take("");
  CAF_CHECK(nobody && uut.take("") && uut.take(""));
}

namespace {

/// One place, and an append that is not answered until the test says so.
struct intake_fixture : http_fixture {
  client asking() {
    settings.max_connections = 1;
    open();
    cast->x->hold_appends = true;
    auto result = connect();
    result.send(post_lines("app", "x"));
    CAF_REQUIRE(soon([this] { return held() == 1; }));
    return result;
  }

  size_t held() {
    std::lock_guard guard{cast->x->mutex};
    return cast->x->held.size();
  }

  void answer() {
    std::lock_guard guard{cast->x->mutex};
    for (auto& [chunk, promise] : std::exchange(cast->x->held, {}))
      promise.deliver(log_receipt{1, 1});
  }

  bool has_a_place() { return ask(request("GET /v1/sessions/main/k")).status == 200; }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_intake_tests, intake_fixture)

CAF_TEST(who is gone before his answer gives his place away at once) {
  auto peer = asking();
  CAF_CHECK(!has_a_place());
  peer.reset();
  CAF_CHECK(soon([this] { return has_a_place(); }));
  CAF_CHECK_EQUAL(held(), 1u);
  answer();
  CAF_CHECK(has_a_place());
}

CAF_TEST(who says no more gets his answer within the idle timeout and no later) {
  settings.idle_timeout = 2s;
  auto peer = asking();
  peer.fall_silent();
  std::this_thread::sleep_for(1200ms);
  answer();
  CAF_CHECK_EQUAL(peer.read().status, 202u);
  CAF_MESSAGE("WHEN the answer takes longer");
  CAF_REQUIRE(soon([this] { return has_a_place(); }));
  auto another = connect();
  another.send(post_lines("app", "x"));
  CAF_REQUIRE(soon([this] { return held() == 1; }));
  another.fall_silent();
  CAF_CHECK(soon([this] { return has_a_place(); }));
  CAF_CHECK(another.ended());
  answer();
}

CAF_TEST(nobody waits for an answer for ever) {
  settings.disk_timeout = 100ms;
  settings.answer_time_max = 1s;
  auto peer = asking();
  const auto told = peer.read();
  CAF_CHECK_EQUAL(told.status, 503u);
  CAF_CHECK(told.body.find("may be done all the same") != std::string::npos);
  CAF_MESSAGE("AND what comes too late is no answer to what is asked next");
  answer();
  CAF_CHECK_EQUAL(peer.ask(request("GET /v1/sessions/main/absent")).status, 404u);
}

CAF_TEST(a handshake that nobody can take is refused in HTTP) {
  open();
  auto peer = connect();
  const auto told = peer.ask(
    request("GET /v1/ws", {},
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"));
  CAF_CHECK_EQUAL(told.status, 503u);
  CAF_CHECK(told.has("application/problem+json"));
  CAF_CHECK(told.has("Connection: close"));
  peer.fall_silent();
  CAF_CHECK(peer.ended());
}

CAF_TEST(who is idle for longest gives way to who comes) {
  settings.max_connections = 2;
  open();
  auto first = connect();
  auto second = connect();
  for (auto* each : {&first, &second, &first})
    CAF_CHECK_EQUAL(each->ask(request("GET /health/live")).status, 200u);
  CAF_CHECK_EQUAL(ask(post_lines("app", "x")).status, 202u);
  CAF_CHECK(second.ended());
  CAF_CHECK_EQUAL(first.ask(request("GET /health/live")).status, 200u);
}

CAF_TEST(the time for the first header begins with the connection) {
  settings.idle_timeout = 400ms;
  open();
  auto peer = connect();
  std::thread trickle{[&] {
    for (char each : request("GET /health/live") + std::string(200, ' ')) {
      if (!peer.send(std::string{each}))
        break;
      std::this_thread::sleep_for(20ms);
    }
  }};
  CAF_CHECK_EQUAL(peer.read().status, 408u);
  trickle.join();
}

CAF_TEST_FIXTURE_SCOPE_END()

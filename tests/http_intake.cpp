// Who gets a place among the connections, and who has to give one up.
#define CAF_SUITE http_intake

#include "app/http/address_shares.hpp"
#include "tests/http_client.hpp"
#include "tests/http_fixture.hpp"

#include <thread>

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

CAF_TEST_FIXTURE_SCOPE(http_intake_tests, http_fixture)

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

// Whether the service lives is the supervisor's word, which is asked for seldom.
#define CAF_SUITE http_liveness

#include "tests/http_fixture.hpp"

#include <caf/send.hpp>

using namespace sluice;
using namespace sluice::test;

CAF_TEST_FIXTURE_SCOPE(http_liveness_tests, http_fixture)

CAF_TEST(many who look at the life ask the supervisor once) {
  open();
  auto peer = connect();
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += request("GET /health/live");
  peer.send(all);
  for (int i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(peer.read().status, 200u);
  CAF_CHECK(cast->x->looks_at_life >= 1u);
  CAF_CHECK(cast->x->looks_at_life < 20u);
}

CAF_TEST(a service without a supervisor does not live) {
  open();
  caf::anon_send_exit(cast->back.supervisor, caf::exit_reason::kill);
  CAF_CHECK(soon([this] { return ask(request("GET /health/live")).status == 503; }));
}

CAF_TEST(a supervisor that fails is no life and is asked anew) {
  open();
  cast->x->supervisor_fails = true;
  CAF_CHECK_EQUAL(ask(request("GET /health/live")).status, 503u);
  cast->x->supervisor_fails = false;
  CAF_CHECK(soon([this] { return ask(request("GET /health/live")).status == 200; }));
}

CAF_TEST_FIXTURE_SCOPE_END()

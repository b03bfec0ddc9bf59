// Requests that are alike are answered in rounds.
#define CAF_SUITE http_shared

#include "tests/http_fixture.hpp"

#include <caf/send.hpp>

#include <vector>

using namespace sluice;
using namespace sluice::test;

namespace {

struct fixture : http_fixture {
  /// So many who ask while the supervisor is at its first survey.
  std::vector<client> ask_together(const std::string& line, size_t count) {
    cast->x->hold_surveys = true;
    std::vector<client> result;
    for (size_t i = 0; i < count; ++i) {
      result.push_back(connect());
      result.back().send(request(line));
    }
    CAF_CHECK(soon([this] { return cast->x->surveys > 0; }));
    // Who comes last is answered last, so all others have been heard by then.
    CAF_CHECK_EQUAL(ask(request("GET /nowhere")).status, 404u);
    return result;
  }

  void let_go() {
    cast->x->hold_surveys = false;
    std::lock_guard guard{cast->x->mutex};
    cast->x->tell_surveys();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_shared_tests, fixture)

CAF_TEST(however many ask at once there is one survey and one more) {
  open();
  for (auto line : {"GET /health/ready", "GET /health", "GET /metrics"}) {
    cast->x->surveys = 0;
    auto peers = ask_together(line, 40);
    CAF_CHECK_EQUAL(cast->x->surveys.load(), 1u);
    let_go();
    for (auto& each : peers)
      CAF_CHECK(each.read().status != 0u);
    CAF_CHECK(cast->x->surveys.load() <= 3u);
  }
}

CAF_TEST(who leaves before the answer takes nobody with him) {
  open();
  auto peers = ask_together("GET /health/ready", 10);
  for (size_t i = 0; i < 5; ++i)
    peers[i].close();
  let_go();
  for (size_t i = 5; i < 10; ++i)
    CAF_CHECK_EQUAL(peers[i].read().status, 200u);
}

CAF_TEST(what nobody can answer is a refusal for all and the next is asked anew) {
  open();
  auto peers = ask_together("GET /health/ready", 10);
  {
    std::lock_guard guard{cast->x->mutex};
    cast->x->refuse_surveys();
  }
  cast->x->hold_surveys = false;
  CAF_CHECK(soon([&] {
    let_go();
    return cast->x->surveys >= 2;
  }));
  size_t refused = 0;
  for (auto& each : peers)
    refused += each.read().status == 503 ? 1 : 0;
  CAF_CHECK(refused > 0);
  CAF_CHECK_EQUAL(ask(request("GET /health/ready")).status, 200u);
}

CAF_TEST(a service that stops answers those who wait) {
  open();
  auto peers = ask_together("GET /health/ready", 10);
  server->finish();
  for (auto& each : peers)
    CAF_CHECK(each.read().status != 200u);
  let_go();
}

CAF_TEST_FIXTURE_SCOPE_END()

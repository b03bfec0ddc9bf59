// A session store for which the spool has no lane: it goes on in memory, and says so.
#define CAF_SUITE session_lanes

#include "tests/session_spool_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct lanes_fixture : session_spool_fixture {
  lanes_fixture() {
    caf::error err;
    while (!err) {
      others.push_back(config.spool->lane(lane_kind::log, std::to_string(others.size())));
      err = config.spool->append(others.back(), 1, 1, "x");
    }
    start();
  }

  std::vector<lane_id> others;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_lanes_tests, lanes_fixture)

CAF_TEST(a store without a lane answers memory until one is free) {
  auto receipt = put_at_least("a", "{}");
  CAF_REQUIRE(receipt);
  CAF_CHECK(receipt->level == durability::memory);
  CAF_CHECK_EQUAL(get("a"), "{}");
  auto refused = put_at_least("b", "{}", durability::ram);
  CAF_REQUIRE(!refused);
  CAF_CHECK(code_of(refused.error()) == ec::unavailable);
  CAF_CHECK_EQUAL(get("b"), "<not-found>");
  pass(2s);
  CAF_CHECK_EQUAL(stored("a"), "{}");
  for (auto other : others)
    config.spool->released(other, 1);
  receipt = put_at_least("b", "{}", durability::ram);
  CAF_REQUIRE(receipt);
  CAF_CHECK(receipt->level == durability::ram);
  CAF_CHECK_EQUAL(receipt->seq, 2u);
  restart();
  settle();
  CAF_CHECK_EQUAL(stored("a"), "{}");
  CAF_CHECK_EQUAL(stored("b"), "{}");
}

CAF_TEST_FIXTURE_SCOPE_END()

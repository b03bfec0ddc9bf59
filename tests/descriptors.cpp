// What few descriptors are enough for.
#define CAF_SUITE descriptors

#include "app/descriptors.hpp"

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

constexpr demand wanted{256, 1000, 1000, 10'000};

} // namespace

CAF_TEST(many descriptors are enough for all that is wanted) {
  CAF_CHECK(affordable(1'048'576, wanted) == wanted);
  // 104 of its own, one for each log, three for each store, and a quarter more
  // connections than are served.
  CAF_CHECK(affordable(104 + 256 + 3000 + 13'750, wanted) == wanted);
  CAF_CHECK(affordable(104 + 256 + 3000 + 13'745, wanted) != wanted);
}

CAF_TEST(of few descriptors half are for connections and each kind gets its part) {
  const auto served = affordable(1024, wanted);
  CAF_CHECK_EQUAL(served.logs, 204u);
  CAF_CHECK_EQUAL(served.stores, 68u);
  CAF_CHECK_EQUAL(served.http + served.websocket, 408u);
  CAF_CHECK_EQUAL(served.http, 37u);
  // However few there are, who asks over HTTP finds a place.
  CAF_CHECK_EQUAL(affordable(64, wanted).http, 8u);
}

CAF_TEST(what is served fits whatever there is and none gets nothing) {
  for (uint64_t descriptors = descriptors_min; descriptors < 3000; descriptors += 7) {
    const auto served = affordable(descriptors, wanted);
    CAF_REQUIRE(served.logs >= 1 && served.stores >= 1);
    CAF_REQUIRE(served.http >= 1 && served.websocket >= 1);
    CAF_REQUIRE(40 + served.logs + 3 * served.stores + served.http + served.websocket
                <= descriptors);
  }
}

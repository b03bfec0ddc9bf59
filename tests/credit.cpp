// The promises of credit: bytes are counted once, and come back by themselves.
#define CAF_SUITE credit
#include "messages/credit.hpp"

#include "tests/fixture.hpp"

#include <thread>

using namespace sluice;
using namespace std::chrono_literals;

CAF_TEST(a budget grants to its limit and not one byte more) {
  auto account = std::make_shared<budget>(100);
  auto [first, granted] = account->try_draw(100);
  CAF_CHECK(granted);
  CAF_CHECK(!account->try_draw(1).second);
  CAF_CHECK_EQUAL(account->refusals(), 1u);
}

CAF_TEST(bytes return when the last holder lets go) {
  auto account = std::make_shared<budget>(100);
  auto first = account->try_draw(60).first;
  auto copy = first;
  first = {};
  CAF_CHECK_EQUAL(account->used_bytes(), 60u);
  copy = {};
  CAF_CHECK_EQUAL(account->used_bytes(), 0u);
}

CAF_TEST(a credit grows within the budget and keeps its size when it cannot) {
  auto account = std::make_shared<budget>(100);
  auto mine = account->try_draw(60).first;
  CAF_CHECK(mine.try_grow(40));
  CAF_CHECK(!mine.try_grow(1));
  CAF_CHECK_EQUAL(mine.bytes(), 100u);
}

CAF_TEST(a thread that draws waits until there is room) {
  auto account = std::make_shared<budget>(100);
  auto held = account->draw(80);
  std::thread other{[&] { auto mine = account->draw(50); }};
  std::this_thread::sleep_for(20ms);
  CAF_CHECK_EQUAL(account->used_bytes(), 80u);
  held = {};
  other.join();
  CAF_CHECK_EQUAL(account->used_bytes(), 0u);
}

CAF_TEST(more than the whole limit is granted once nothing else is out) {
  auto account = std::make_shared<budget>(100);
  CAF_CHECK_EQUAL(account->draw(500).bytes(), 500u);
  CAF_CHECK_EQUAL(account->used_bytes(), 0u);
}

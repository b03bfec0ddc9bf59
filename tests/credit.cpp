// The promises of credit: bytes are counted once, and come back by themselves.
#define CAF_SUITE credit
#include "messages/answer_room.hpp"

#include "tests/fixture.hpp"

#include <unistd.h>

#include <fstream>
#include <future>
#include <string>
#include <thread>

using namespace sluice;

namespace {

/// Waits until this thread of the process waits for something itself.
void await_asleep(pid_t thread) {
  const auto path = "/proc/self/task/" + std::to_string(thread) + "/stat";
  for (std::string text; text.find(") S ") == text.npos;) {
    std::this_thread::yield();
    std::ifstream file{path};
    std::getline(file, text);
  }
}

} // namespace

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
  std::promise<pid_t> begun;
  std::thread other{[&] {
    begun.set_value(::gettid());
    auto mine = account->draw(50);
  }};
  await_asleep(begun.get_future().get());
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

CAF_TEST(an account that was opened holds what it is told to and gives the rest back) {
  auto account = std::make_shared<budget>(100);
  auto mine = account->open();
  auto same = mine;
  CAF_CHECK_EQUAL(account->used_bytes(), 0u);
  CAF_CHECK(mine.try_hold(80));
  CAF_CHECK(!mine.try_hold(101));
  CAF_CHECK_EQUAL(account->used_bytes(), 80u);
  CAF_CHECK(same.try_hold(30));
  CAF_CHECK_EQUAL(mine.bytes(), 30u);
  CAF_CHECK_EQUAL(account->used_bytes(), 30u);
  mine = {};
  same = {};
  CAF_CHECK_EQUAL(account->used_bytes(), 0u);
}

CAF_TEST(a credit knows what its budget can never grant) {
  auto account = std::make_shared<budget>(100);
  auto mine = account->open();
  CAF_CHECK(mine.could_hold(100));
  CAF_CHECK(!mine.could_hold(101));
  CAF_CHECK(credit{}.could_hold(101));
  CAF_CHECK(credit{}.try_hold(101));
}

CAF_TEST(a small answer is always possible and a large one where there is room) {
  auto account = std::make_shared<budget>(100'000);
  auto one = account->open();
  auto two = account->open();
  CAF_CHECK(!hold_answer(one, 100'000));
  CAF_CHECK(!hold_answer(two, small_answer_bytes_max));
  CAF_CHECK_EQUAL(code_of(hold_answer(two, small_answer_bytes_max + 1)), ec::overloaded);
  CAF_CHECK_EQUAL(code_of(hold_answer(two, 100'001)), ec::too_large);
  one = {};
  CAF_CHECK(!hold_answer(two, small_answer_bytes_max + 1));
}

// What wakes the thread of the sockets.
#define CAF_SUITE http_doorbell

#include "app/http/doorbell.hpp"

#include <sys/resource.h>

#include <memory>
#include <thread>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

struct fixture {
  std::unique_ptr<boost::asio::io_context> io =
    std::make_unique<boost::asio::io_context>(1);
  http::doorbell uut;
  int heard = 0;

  void open() { CAF_REQUIRE(!uut.open(*io)); }

  void await() {
    uut.await([this] { ++heard; });
  }

  /// What is to be done without waiting for anything.
  void work() {
    io->restart();
    io->poll();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_doorbell_tests, fixture)

CAF_TEST(nobody is called who has not been rung for) {
  open();
  await();
  work();
  CAF_CHECK_EQUAL(heard, 0);
}

CAF_TEST(however often it is rung a wait ends once) {
  open();
  await();
  for (int i = 0; i < 3; ++i)
    uut.ring();
  work();
  CAF_CHECK_EQUAL(heard, 1);
  CAF_MESSAGE("WHEN the next wait begins THEN none of those rings ends it");
  await();
  work();
  CAF_CHECK_EQUAL(heard, 1);
}

CAF_TEST(a ring between two waits ends the next one) {
  open();
  await();
  uut.ring();
  work();
  uut.ring();
  await();
  work();
  CAF_CHECK_EQUAL(heard, 2);
}

CAF_TEST(a ring from another thread ends a wait that sleeps) {
  open();
  await();
  std::thread other{[this] { uut.ring(); }};
  io->run_one_for(std::chrono::seconds{10});
  other.join();
  CAF_CHECK_EQUAL(heard, 1);
}

CAF_TEST(after its end it is rung in vain and calls nobody) {
  open();
  auto held = std::make_shared<int>(0);
  uut.await([held] { ++*held; });
  uut.close();
  uut.ring();
  work();
  CAF_CHECK_EQUAL(*held, 0);
  CAF_CHECK_EQUAL(held.use_count(), 1);
}

CAF_TEST(a ring that was heard but not told of before its end is not told of after) {
  open();
  uut.ring();
  await(); // finds the ring at once, and has the loop tell of it
  uut.close();
  work();
  CAF_CHECK_EQUAL(heard, 0);
}

CAF_TEST(it may outlive the loop once it has been closed) {
  open();
  auto held = std::make_shared<int>(0);
  uut.await([held] { ++*held; });
  uut.close();
  io.reset();
  CAF_CHECK_EQUAL(held.use_count(), 1);
  uut.ring();
  uut.close();
}

CAF_TEST(where there is no descriptor it says so) {
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  auto none = before;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &none);
  const auto code = uut.open(*io);
  setrlimit(RLIMIT_NOFILE, &before);
  CAF_CHECK_EQUAL(code.value(), EMFILE);
  CAF_MESSAGE("AND can be opened later");
  open();
  await();
  uut.ring();
  work();
  CAF_CHECK_EQUAL(heard, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()

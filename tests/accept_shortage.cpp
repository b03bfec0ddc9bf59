// What becomes of those who come after one for whom there was no memory.
#define CAF_SUITE accept_shortage
#include "app/http/accept_loop.hpp"
#include "tests/refused_memory.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <new>

#include <caf/test/dsl.hpp>

using namespace sluice;
using boost::asio::ip::tcp;

namespace {

struct fixture {
  fixture() {
    loop.acceptor() = tcp::acceptor{io, {boost::asio::ip::address_v4::loopback(), 0}};
    loop.run([this](const tcp::socket&) { ++taken; },
             [this](boost::system::error_code) { ++told; });
  }

  ~fixture() { loop.close(); }

  /// Lets one come in with so many allocations; an exception is what the thread of the
  /// sockets goes on after.
  void come(int allocations) {
    tcp::socket client{io};
    client.connect(loop.acceptor().local_endpoint());
    const auto before = taken + told;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{2};
    test::grant_allocations(allocations);
    while (taken + told == before && std::chrono::steady_clock::now() < until)
      try {
        io.run_one_for(std::chrono::milliseconds{20});
      } catch (const std::bad_alloc&) {
        break;
      }
    test::grant_allocations(-1);
  }

  boost::asio::io_context io{1};
  http::accept_loop<tcp> loop{io};
  int taken = 0;
  int told = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(accept_shortage_tests, fixture)

CAF_TEST(whichever allocation fails for one who comes in the next one is taken) {
  for (auto allocations = 0; allocations < 6; ++allocations) {
    come(allocations);
    const auto before = taken;
    come(-1);
    CAF_MESSAGE("after refusal " << allocations);
    CAF_CHECK_EQUAL(taken, before + 1);
  }
  CAF_CHECK_GREATER(told, 0);
}

CAF_TEST_FIXTURE_SCOPE_END()

// What becomes of connections where there is no memory for the next step.
#define CAF_SUITE http_shortage

#include "app/http/accept_loop.hpp"
#include "app/http/connection.hpp"
#include "app/http/edge.hpp"
#include "tests/http_fixture.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <memory>
#include <new>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::test;
using boost::asio::ip::tcp;

namespace {

/// A connection without a stream, which may fail as it starts.
struct lone_connection : http::connection {
  lone_connection(http::connection_pool& pool, bool failing)
      : connection(pool, {}), fails(failing) {}

  void prepare() override {
    if (fails)
      throw std::bad_alloc{};
  }
  void read(boost::asio::mutable_buffer) override {}
  void write(boost::asio::const_buffer) override {}
  void shut_down() override {}
  void cancel() override {}
  void close_socket() override {}
  int64_t taken() override { return 0; }
  void drop_unsent() override {}
  peer look_at_peer() override { return peer::there; }
  std::unique_ptr<websocket::transport> release() override { return nullptr; }

  const bool fails;
};

struct local : http_fixture {
  local() {
    sys.emplace(config);
    cast.emplace(*sys);
    handle = sys->spawn<http::edge>(*io, settings, cast->back);
    edge = static_cast<http::edge*>(caf::actor_cast<caf::abstract_actor*>(handle));
    edge->begin();
    pool = std::make_unique<http::connection_pool>(http::connection_pool{*edge, gate});
  }

  ~local() { edge->end(); }

  void start(bool failing) {
    auto made = std::make_shared<lone_connection>(*pool, failing);
    made->start(pool->regular, {});
  }

  size_t open_ones() const { return pool->open.size() + pool->regular.size(); }

  std::unique_ptr<boost::asio::io_context> io =
    std::make_unique<boost::asio::io_context>(1);
  http::admission gate{http::access_rules{"", "", {}, 0}, http::router{}, 1024};
  caf::actor handle;
  http::edge* edge = nullptr;
  std::unique_ptr<http::connection_pool> pool;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_shortage_tests, local)

CAF_TEST(a connection that fails as it starts leaves nothing behind) {
  start(true);
  CAF_CHECK_EQUAL(open_ones(), 0u);
}

CAF_TEST(a connection that is let go of leaves its place) {
  start(false);
  CAF_CHECK_EQUAL(open_ones(), 2u);
  edge->end();
  io.reset(); // and with it the timer, which alone knew it
  CAF_CHECK_EQUAL(open_ones(), 0u);
}

CAF_TEST(a failure that cannot even be told ends no accept loop) {
  http::accept_loop<tcp> uut{*io};
  uut.acceptor() = tcp::acceptor{*io, {boost::asio::ip::address_v4::loopback(), 0}};
  int taken = 0;
  uut.run(
    [&](const tcp::socket&) {
      if (++taken == 1)
        throw std::bad_alloc{};
    },
    [](boost::system::error_code) { throw std::bad_alloc{}; });
  tcp::socket first{*io}, second{*io};
  first.connect(uut.acceptor().local_endpoint());
  second.connect(uut.acceptor().local_endpoint());
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (taken < 2 && std::chrono::steady_clock::now() < until)
    io->run_one_for(std::chrono::milliseconds{50});
  CAF_CHECK_EQUAL(taken, 2);
  uut.close();
}

CAF_TEST_FIXTURE_SCOPE_END()

// The introspection's socket on real threads: what it survives.
#define CAF_SUITE socket_keeper

#include "app/introspection/socket_keeper.hpp"
#include "app/gate/relay.hpp"
#include "app/introspection/client.hpp"
#include "app/introspection/quiet_broker.hpp"
#include "app/introspection/unix_socket.hpp"
#include "app/introspection/wire.hpp"
#include "tests/temp_dir.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <chrono>
#include <thread>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct config : caf::actor_system_config {
  config() { wire::speak(*this); }
};

/// A socket keeper, and those whom it serves: relays without a service.
struct fixture {
  fixture() { start(serving("the first")); }

  ~fixture() {
    caf::anon_send_exit(keeper, caf::exit_reason::user_shutdown);
    for (const auto& each : served)
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
  }

  introspection_actor serving(const std::string& words) {
    wire::destination nowhere{"nowhere", [words]() -> caf::expected<unique_fd> {
                                return caf::make_error(ec::unavailable, words);
                              }};
    served.push_back(sys.spawn(gate::relay, gate::relay_config{nowhere, true}));
    return served.back();
  }

  void start(const introspection_actor& who) {
    wire::socket_keeper_config how;
    how.counts = counts;
    how.listen = [this]() -> caf::expected<unique_fd> {
      ++listens;
      if (failures > 0 && failures-- > 0)
        return caf::make_error(ec::unavailable, "not now");
      return wire::listen_at(dir / "socket");
    };
    keeper = sys.spawn(wire::socket_keeper, how);
    caf::anon_send(keeper, atom::attach_v, who);
  }

  /// Whether somebody comes to be served at the path.
  bool is_served() {
    const auto until = std::chrono::steady_clock::now() + 20s;
    while (std::chrono::steady_clock::now() < until) {
      wire::client client{wire::local_service(dir / "socket")};
      if (!client.connect())
        return true;
      std::this_thread::sleep_for(20ms);
    }
    return false;
  }

  caf::actor broker(const std::string& name) {
    return sys.middleman().named_broker<wire::quiet_broker>(caf::atom_from_string(name));
  }

  config cfg;
  caf::actor_system sys{cfg};
  test::temp_dir dir;
  std::atomic<int> failures = 0;
  std::atomic<int> listens = 0;
  std::shared_ptr<introspection_counts> counts = std::make_shared<introspection_counts>();
  std::vector<introspection_actor> served;
  wire::socket_keeper_actor keeper;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(socket_keeper_tests, fixture)

CAF_TEST(a broker that dies is replaced at the same path) {
  CAF_REQUIRE(is_served());
  CAF_CHECK_EQUAL(counts->socket_restarts.load(), 0u);
  caf::anon_send_exit(broker("sluice1"), caf::exit_reason::kill);
  CAF_CHECK(is_served());
  caf::anon_send_exit(broker("sluice2"), caf::exit_reason::kill);
  CAF_CHECK(is_served());
  CAF_CHECK_EQUAL(counts->socket_restarts.load(), 2u);
}

CAF_TEST(a socket that cannot be had is tried again) {
  CAF_REQUIRE(is_served());
  failures = 2;
  caf::anon_send_exit(broker("sluice1"), caf::exit_reason::kill);
  CAF_CHECK(is_served());
  CAF_CHECK_EQUAL(failures.load(), 0);
}

CAF_TEST(of two introspections that die within a pause nothing is left over) {
  CAF_REQUIRE(is_served());
  failures = 1;
  caf::anon_send(keeper, atom::attach_v, serving("the second"));
  caf::anon_send(keeper, atom::attach_v, serving("the third"));
  CAF_REQUIRE(is_served());
  CAF_MESSAGE("WHEN the pause of the try that failed is over");
  std::this_thread::sleep_for(1s);
  const auto before = listens.load();
  std::this_thread::sleep_for(1s);
  CAF_MESSAGE("THEN nobody listens a second time");
  CAF_CHECK_EQUAL(listens.load(), before);
  CAF_CHECK(is_served());
}

CAF_TEST(another introspection takes the place of the one before) {
  CAF_REQUIRE(is_served());
  caf::anon_send(keeper, atom::attach_v, serving("the second"));
  CAF_CHECK(is_served());
  CAF_MESSAGE("which is no failure");
  CAF_CHECK_EQUAL(counts->socket_restarts.load(), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

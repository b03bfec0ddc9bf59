// Actors that share their threads, on real ones.
#define CAF_SUITE workers

#include "actors/detail/workers.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <functional>
#include <latch>
#include <optional>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

struct fixture {
  void start(size_t workers = detail::workers_default) {
    detail::use_workers(config, workers);
    system.emplace(config);
  }

  /// An actor that does this with each number.
  caf::actor spawn(std::function<void(caf::event_based_actor*, int)> work) {
    return system->spawn([work](caf::event_based_actor* self) -> caf::behavior {
      return {[self, work](int n) { work(self, n); }};
    });
  }

  caf::actor_system_config config;
  std::optional<caf::actor_system> system;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(workers_tests, fixture)

CAF_TEST(what actors send each other arrives) {
  constexpr int actors = 100;
  constexpr int hops = 1'000;
  start();
  std::latch done{actors};
  std::vector<caf::actor> ring;
  for (int i = 0; i < actors; ++i)
    ring.push_back(spawn([&ring, &done, i](caf::event_based_actor* self, int left) {
      if (left > 0)
        self->send(ring[(i + 1) % actors], left - 1);
      else
        done.count_down();
    }));
  for (const auto& each : ring)
    caf::anon_send(each, hops);
  done.wait();
  ring.clear();
}

CAF_TEST(more than one worker takes wakes the next) {
  start();
  std::latch both{2};
  const auto meet = [&both](auto*, int) { both.arrive_and_wait(); };
  const auto first = spawn(meet);
  const auto second = spawn(meet);
  const auto sender = spawn([&](caf::event_based_actor* self, int n) {
    self->send(first, n);
    self->send(second, n);
  });
  caf::anon_send(sender, 1);
  both.wait();
}

CAF_TEST(who does not return keeps nobody from working) {
  start();
  std::latch running{1};
  std::latch served{2};
  const auto served_one = spawn([&](auto*, int) { served.count_down(); });
  const auto stuck = spawn([&](caf::event_based_actor* self, int n) {
    self->send(served_one, n);
    running.count_down();
    served.wait();
  });
  caf::anon_send(stuck, 1);
  running.wait();
  caf::anon_send(served_one, 1);
  served.wait();
}

CAF_TEST(a system has as many workers as it was told) {
  start(3);
  std::latch all{3};
  for (int i = 0; i < 3; ++i)
    caf::anon_send(spawn([&all](auto*, int) { all.arrive_and_wait(); }), i);
  all.wait();
}

CAF_TEST_FIXTURE_SCOPE_END()

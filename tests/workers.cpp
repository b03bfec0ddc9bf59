// Actors that share their threads, on real ones.
#define CAF_SUITE workers

#include "actors/detail/workers.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <functional>
#include <latch>
#include <optional>
#include <thread>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

struct fixture {
  /// Runs a play in a system of its own, and returns when all of its actors are gone:
  /// what they share may then go too.
  void run(const std::function<void()>& play, size_t workers = detail::workers_default) {
    caf::actor_system_config config;
    detail::use_workers(config, workers);
    system.emplace(config);
    play();
    system.reset();
  }

  /// An actor that does this with each number.
  caf::actor spawn(const std::function<void(caf::event_based_actor*, int)>& work) {
    return system->spawn([work](caf::event_based_actor* self) -> caf::behavior {
      return {[self, work](int n) { work(self, n); }};
    });
  }

  std::optional<caf::actor_system> system;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(workers_tests, fixture)

CAF_TEST(what actors send each other arrives) {
  static constexpr int actors = 100;
  static constexpr int hops = 1'000;
  std::latch done{actors};
  std::vector<caf::actor> ring;
  run([&] {
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
  });
}

CAF_TEST(more than one worker takes wakes the next) {
  std::latch both{2};
  run([&] {
    const auto meet = [&both](auto*, int) { both.arrive_and_wait(); };
    const auto first = spawn(meet);
    const auto second = spawn(meet);
    const auto sender = spawn([first, second](caf::event_based_actor* self, int n) {
      self->send(first, n);
      self->send(second, n);
    });
    // Nobody is awake by then who would find the second by itself.
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    caf::anon_send(sender, 1);
    both.wait();
  });
}

CAF_TEST(who does not return keeps nobody from working) {
  std::latch running{1};
  std::latch served{2};
  run([&] {
    const auto served_one = spawn([&](auto*, int) { served.count_down(); });
    const auto stuck = spawn([&, served_one](caf::event_based_actor* self, int n) {
      self->send(served_one, n);
      running.count_down();
      served.wait();
    });
    // Whoever else is woken takes along what the stuck one has left behind.
    const auto passer_by = spawn([&](auto*, int) { served.count_down(); });
    caf::anon_send(stuck, 1);
    running.wait();
    caf::anon_send(passer_by, 1);
    served.wait();
  });
}

CAF_TEST(a system has as many workers as it was told) {
  std::latch all{3};
  run(
    [&] {
      for (int i = 0; i < 3; ++i)
        caf::anon_send(spawn([&all](auto*, int) { all.arrive_and_wait(); }), i);
      all.wait();
    },
    3);
}

CAF_TEST_FIXTURE_SCOPE_END()

// What it costs to look at actors: `plain` and `metered` handle ITEMS messages each in
// one actor, sent in bursts by another thread, without and with the meter that every
// actor of the service has; `listed` asks a directory of ITEMS actors for all of them.
#include "actors/detail/workers.hpp"
#include "actors/observe/directory.hpp"
#include "actors/observe/instrumented.hpp"
#include "bench/main.hpp"
#include "bench/measure.hpp"
#include "messages/error.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace sluice;

using counter_actor = caf::typed_actor<caf::reacts_to<atom::tick>,
                                       caf::replies_to<atom::totals>::with<uint64_t>>;

struct counter_state {
  static inline const char* name = "counter";
  uint64_t ticks = 0;
};

counter_actor::behavior_type
counter(counter_actor::stateful_pointer<counter_state> self) {
  return {
    [self](atom::tick) { ++self->state.ticks; },
    [self](atom::totals) { return self->state.ticks; },
  };
}

struct system_config : caf::actor_system_config {
  system_config() { detail::use_workers(*this); }
};

template <class Answer, class Handle, class... Ts>
Answer ask(caf::scoped_actor& self, const Handle& who, Ts&&... xs) {
  Answer result{};
  self->request(who, caf::infinite, std::forward<Ts>(xs)...)
    .receive([&](Answer& x) { result = std::move(x); },
             [](const caf::error& err) { throw std::runtime_error(text_of(err)); });
  return result;
}

/// So many wait at most: a mailbox that fills the caches would be measured instead.
constexpr uint64_t burst = 1'000;

void handle(const counter_actor& who, caf::actor_system& system, uint64_t messages) {
  caf::scoped_actor self{system};
  const auto begun = bench::cost_so_far();
  for (uint64_t sent = 0; sent < messages; sent += burst) {
    for (uint64_t i = 0; i < burst; ++i)
      self->send(who, atom::tick_v);
    ask<uint64_t>(self, who, atom::totals_v);
  }
  const auto spent = bench::cost_so_far().cpu_ns - begun.cpu_ns;
  std::printf("{\"ns_per_message\": %.1f}\n",
              static_cast<double>(spent) / static_cast<double>(messages));
}

void plain(const std::string&, uint64_t messages) {
  system_config config;
  caf::actor_system system{config};
  handle(system.spawn(counter), system, messages);
}

void metered(const std::string&, uint64_t messages) {
  system_config config;
  caf::actor_system system{config};
  handle(spawn_metered(system, {}, counter).first, system, messages);
}

void listed(const std::string&, uint64_t actors) {
  using clock = std::chrono::steady_clock;
  system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto list = spawn_metered(system, {}, directory, directory_config{}).first;
  std::vector<counter_actor> all;
  for (uint64_t i = 0; i < actors; ++i)
    all.push_back(spawn_listed(system, list, {std::to_string(i)}, counter));
  const auto begun = clock::now();
  const auto told = ask<std::vector<actor_entry>>(self, list, atom::actors_v);
  const std::chrono::duration<double, std::milli> took = clock::now() - begun;
  if (told.size() != actors)
    throw std::runtime_error("not all are listed");
  std::printf("{\"ms\": %.2f}\n", took.count());
  caf::anon_send_exit(list, caf::exit_reason::user_shutdown);
}

} // namespace

int main(int argc, char** argv) {
  return sluice::bench::run_case(
    argc, argv, {{"plain", plain}, {"metered", metered}, {"listed", listed}});
}

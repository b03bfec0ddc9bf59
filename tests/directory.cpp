// The promises of the directory and of the meters that it reads.
#define CAF_SUITE directory
#include "actors/observe/directory.hpp"

#include "actors/observe/instrumented.hpp"
#include "tests/fixture.hpp"

#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

using worker_actor = caf::typed_actor<
  /// Counts, after a while.
  caf::replies_to<atom::tick, caf::timespan>::with<uint64_t>,
  /// Dies.
  caf::reacts_to<atom::close>>;

struct worker_state {
  static inline const char* name = "worker";
  uint64_t count = 0;
};

worker_actor::behavior_type worker(worker_actor::stateful_pointer<worker_state> self,
                                   uint64_t first) {
  self->state.count = first;
  return {
    [self](atom::tick, caf::timespan length) {
      std::this_thread::sleep_for(length);
      return ++self->state.count;
    },
    [self](atom::close) { self->quit(); },
  };
}

struct fixture : test::fixture {
  fixture() {
    aut = tracked(sys.spawn(directory, directory_config{1min}));
    settle();
  }

  worker_actor start(const std::string& key, uint64_t first = 0) {
    auto result = tracked(spawn_listed(sys, aut, {key, 7, 2, "bad luck"}, worker, first));
    settle();
    return result;
  }

  std::vector<actor_entry> all() {
    return get<std::vector<actor_entry>>(aut, atom::actors_v);
  }

  actor_entry only() {
    auto result = all();
    CAF_REQUIRE_EQUAL(result.size(), 1u);
    return result.front();
  }

  void work(const worker_actor& who, size_t times, caf::timespan length = {}) {
    for (size_t i = 0; i < times; ++i)
      get<uint64_t>(who, atom::tick_v, length);
  }

  directory_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(directory_tests, fixture)

CAF_TEST(an actor is listed with who it is) {
  auto who = start("a", 41);
  CAF_CHECK_EQUAL(get<uint64_t>(who, atom::tick_v, caf::timespan{}), 42u);
  const auto entry = only();
  CAF_CHECK_EQUAL(entry.name, "worker");
  CAF_CHECK_EQUAL(entry.key, "a");
  CAF_CHECK_EQUAL(entry.id, who.id());
  CAF_CHECK_EQUAL(entry.parent, 7u);
  CAF_CHECK_EQUAL(entry.restarts, 2u);
  CAF_CHECK_EQUAL(entry.last_error, "bad luck");
  CAF_CHECK_GREATER(entry.started_ms, 0);
}

CAF_TEST(each message is counted once) {
  auto who = start("a");
  for (size_t n : {1u, 6u, 1000u})
    work(who, n);
  CAF_CHECK_EQUAL(only().handled, 1007u);
  CAF_CHECK_EQUAL(only().mailbox, 0u);
  CAF_CHECK_EQUAL(only().oldest_ms, 0u);
}

CAF_TEST(what waits is counted apart from what was handled) {
  auto who = start("a");
  work(who, 5);
  for (int i = 0; i < 3; ++i)
    caf::anon_send(who, atom::tick_v, caf::timespan{});
  auto answer = self->request(aut, caf::infinite, atom::actors_v);
  sched.prioritize(aut);
  consume_message();
  answer.receive(
    [](const std::vector<actor_entry>& seen) {
      CAF_REQUIRE_EQUAL(seen.size(), 1u);
      CAF_CHECK_EQUAL(seen.front().mailbox, 3u);
      CAF_CHECK_EQUAL(seen.front().handled, 5u);
    },
    [](const caf::error&) { CAF_FAIL("the directory waits for others"); });
  settle();
  CAF_CHECK_EQUAL(only().mailbox, 0u);
  CAF_CHECK_EQUAL(only().handled, 8u);
}

CAF_TEST(actors are listed in the order of their start until they end) {
  auto first = start("first");
  auto second = start("second");
  auto third = start("third");
  caf::anon_send(second, atom::close_v);
  settle();
  std::vector<std::string> keys;
  for (const auto& each : all())
    keys.push_back(each.key);
  CAF_CHECK_EQUAL(keys, (std::vector<std::string>{"first", "third"}));
}

CAF_TEST(what those did that have ended is told by their name and sums never fall) {
  auto sum = [this](uint64_t actor_entry::*what) {
    uint64_t result = 0;
    for (const auto& each : get<std::vector<actor_entry>>(aut, atom::totals_v))
      result += each.*what;
    return result;
  };
  auto first = start("first");
  auto second = start("second");
  work(first, 500);
  work(second, 7);
  auto busy = sum(&actor_entry::busy_ns);
  CAF_CHECK_EQUAL(sum(&actor_entry::handled), 507u);
  caf::anon_send(first, atom::close_v);
  settle();
  CAF_CHECK_EQUAL(sum(&actor_entry::handled), 508u);
  CAF_CHECK_GREATER_OR_EQUAL(sum(&actor_entry::busy_ns), busy);
  CAF_MESSAGE("WHEN the window is over THEN they are told all the same");
  caf::anon_send(second, atom::close_v);
  pass(1min);
  CAF_CHECK_EQUAL(sum(&actor_entry::handled), 509u);
  auto told = get<std::vector<actor_entry>>(aut, atom::totals_v);
  CAF_REQUIRE_EQUAL(told.size(), 1u);
  CAF_CHECK_EQUAL(told.front().name, "worker");
  CAF_CHECK_EQUAL(told.front().id, 0u);
  CAF_CHECK(all().empty());
}

CAF_TEST(how often actors were started anew is told once for each time) {
  auto restarts = [this] {
    auto told = get<std::vector<actor_entry>>(aut, atom::totals_v);
    return told.empty() ? 0 : told.back().restarts;
  };
  start("a"); // for the second time
  CAF_CHECK_EQUAL(restarts(), 2u);
  start("a");
  CAF_CHECK_EQUAL(restarts(), 2u);
  start("b");
  CAF_CHECK_EQUAL(restarts(), 4u);
}

CAF_TEST(a message that takes long is never missed among many that do not ) {
  auto who = start("a");
  work(who, 500);
  // Where the coarse clock times it, up to a tick of that, at most 10 ms, is missing.
  work(who, 1, 60ms);
  work(who, 500);
  const auto entry = only();
  CAF_CHECK_GREATER_OR_EQUAL(entry.max_ns, 50'000'000u);
  CAF_CHECK_LESS(entry.p50_ns, 50'000'000u);
  CAF_CHECK_GREATER(entry.busy_percent, 0.0);
}

CAF_TEST(times and rates are those of the window that runs and of the one before) {
  auto who = start("a");
  work(who, 1, 20ms);
  pass(1min);
  CAF_CHECK_GREATER_OR_EQUAL(only().max_ns, 20'000'000u);
  pass(1min - 1ns);
  CAF_CHECK_GREATER_OR_EQUAL(only().max_ns, 20'000'000u);
  pass(1ns);
  CAF_CHECK_EQUAL(only().max_ns, 0u);
  CAF_CHECK_EQUAL(only().p99_ns, 0u);
  CAF_CHECK_EQUAL(only().handled_per_second, 0.0);
  CAF_CHECK_EQUAL(only().handled, 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

// -- with threads -----------------------------------------------------------------

namespace {

struct threaded_fixture {
  caf::actor_system_config config;
  caf::actor_system sys{config};
  caf::scoped_actor self{sys};
  directory_actor aut = sys.spawn(directory, directory_config{1min});

  actor_entry seen(uint64_t id) {
    actor_entry result;
    self->request(aut, 1s, atom::actors_v)
      .receive(
        [&](const std::vector<actor_entry>& all) {
          auto found = std::find_if(all.begin(), all.end(),
                                    [id](const auto& x) { return x.id == id; });
          if (found != all.end())
            result = *found;
        },
        [](const caf::error&) { CAF_FAIL("the directory waits for others"); });
    return result;
  }

  ~threaded_fixture() { caf::anon_send_exit(aut, caf::exit_reason::kill); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(directory_thread_tests, threaded_fixture)

CAF_TEST(an actor that hangs is seen to hang) {
  auto who = spawn_listed<caf::detached>(sys, aut, {}, worker, 0u);
  for (int i = 0; i < 4; ++i)
    caf::anon_send(who, atom::tick_v, caf::timespan{800ms});
  actor_entry entry;
  for (int i = 0; i < 100 && entry.running_ms < 100; ++i) {
    std::this_thread::sleep_for(10ms);
    entry = seen(who.id());
  }
  CAF_CHECK_GREATER_OR_EQUAL(entry.running_ms, 100u);
  CAF_CHECK_GREATER_OR_EQUAL(entry.oldest_ms, 100u);
  CAF_CHECK_EQUAL(entry.mailbox, 3u);
  CAF_CHECK_EQUAL(entry.handled, 0u);
  CAF_CHECK_GREATER(entry.busy_percent, 50.0);
  caf::anon_send_exit(who, caf::exit_reason::kill);
}

CAF_TEST(messages of many senders at once are all counted) {
  auto who = spawn_listed(sys, aut, {}, worker, 0u);
  std::vector<std::thread> senders;
  senders.reserve(4);
  for (int i = 0; i < 4; ++i)
    senders.emplace_back([&who] {
      for (int n = 0; n < 10'000; ++n)
        caf::anon_send(who, atom::tick_v, caf::timespan{});
    });
  for (auto& each : senders)
    each.join();
  self->request(who, caf::infinite, atom::tick_v, caf::timespan{})
    .receive([](uint64_t count) { CAF_CHECK_EQUAL(count, 40'001u); },
             [](const caf::error&) { CAF_FAIL("no answer"); });
  // An answer is out before its message counts as handled.
  const auto patience = std::chrono::steady_clock::now() + 10s;
  while (seen(who.id()).handled < 40'001u && std::chrono::steady_clock::now() < patience)
    std::this_thread::yield();
  CAF_CHECK_EQUAL(seen(who.id()).handled, 40'001u);
  caf::anon_send(who, atom::close_v);
}

CAF_TEST_FIXTURE_SCOPE_END()

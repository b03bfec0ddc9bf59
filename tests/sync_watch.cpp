// The promises of the sync watch, with an actor whose syncs begin and end as told.
#define CAF_SUITE sync_watch
#include "actors/detail/sync_watch.hpp"

#include "tests/fixture.hpp"

#include <map>
#include <string>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

constexpr auto limit = detail::sync_watch::limit;

using syncing_actor = caf::typed_actor<caf::reacts_to<atom::open, std::string>,
                                       caf::reacts_to<atom::close, std::string>,
                                       caf::reacts_to<atom::check, uint64_t>>;

struct syncing_state {
  syncing_state() = default;
  detail::sync_watch watch{"sync-slow"};
  std::map<std::string, uint64_t> under_way;
  uint64_t looks = 0;
};

syncing_actor::behavior_type
syncing(syncing_actor::stateful_pointer<syncing_state> self) {
  auto* state = &self->state;
  return {
    [=](atom::open, const std::string& what) {
      state->under_way[what] = state->watch.begin(self, what);
    },
    [=](atom::close, const std::string& what) {
      state->watch.end(self, state->under_way[what]);
    },
    [=](atom::check, uint64_t generation) {
      ++state->looks;
      state->watch.look(self, generation);
    },
  };
}

struct fixture : test::fixture {
  void begin(const std::string& what) {
    self->send(aut, atom::open_v, what);
    settle();
  }

  void end(const std::string& what) {
    self->send(aut, atom::close_v, what);
    settle();
  }

  /// The alert's words, or none.
  std::string told() const {
    status_report report;
    state.watch.tell(report);
    return report.alerts.empty() ? "" : report.alerts.front().text;
  }

  uint64_t times() const {
    status_report report;
    state.watch.tell(report);
    return report.troubles.front().times;
  }

  bool tells_of(const std::string& what) const {
    return told() == "a sync of " + what + " has been under way for 5 s or longer";
  }

  syncing_actor aut = tracked(sys.spawn(syncing));
  syncing_state& state = deref<syncing_actor::stateful_base<syncing_state>>(aut).state;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sync_watch_tests, fixture)

CAF_TEST(a sync is slow from the limit on and not a nanosecond before) {
  begin("a");
  pass(limit - 1ns);
  CAF_CHECK_EQUAL(told(), "");
  pass(1ns);
  CAF_CHECK(tells_of("a"));
  CAF_CHECK_EQUAL(times(), 1u);
}

CAF_TEST(the alert goes as the sync ends) {
  begin("a");
  pass(1h);
  CAF_CHECK(tells_of("a"));
  end("a");
  CAF_CHECK_EQUAL(told(), "");
  CAF_CHECK_EQUAL(times(), 1u);
  begin("a");
  pass(limit - 1ns);
  CAF_CHECK_EQUAL(told(), "");
  pass(1ns);
  CAF_CHECK_EQUAL(times(), 2u);
}

CAF_TEST(a sync that ended in time is not told) {
  begin("a");
  pass(limit - 1ns);
  end("a");
  pass(1h);
  CAF_CHECK_EQUAL(told(), "");
  CAF_CHECK_EQUAL(times(), 0u);
}

CAF_TEST(of several the oldest decides) {
  begin("a");
  pass(3s);
  begin("b");
  pass(limit - 3s);
  CAF_CHECK(tells_of("a"));
  end("a");
  CAF_CHECK_EQUAL(told(), "");
  pass(3s - 1ns);
  CAF_CHECK_EQUAL(told(), "");
  pass(1ns);
  CAF_CHECK(tells_of("b"));
}

CAF_TEST(quick ones beside a slow one change nothing) {
  begin("a");
  for (int second = 1; second < 5; ++second) {
    begin("b");
    pass(1s);
    end("b");
  }
  pass(1s - 1ns);
  CAF_CHECK_EQUAL(told(), "");
  pass(1ns);
  CAF_CHECK(tells_of("a"));
  begin("b");
  end("b");
  CAF_CHECK(tells_of("a"));
  CAF_CHECK_EQUAL(times(), 1u);
}

CAF_TEST(many quick ones cost one timer) {
  for (int i = 0; i < 1000; ++i) {
    begin("a");
    end("a");
  }
  pass(limit);
  pass(limit);
  CAF_CHECK_EQUAL(state.looks, 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

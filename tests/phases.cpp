// What each event means in each phase of the service.
#define CAF_SUITE phases
#include "actors/lifecycle/phases.hpp"

#include <caf/test/dsl.hpp>

#include <vector>

using namespace sluice;

namespace {

struct fixture {
  /// Lets all of it happen; returns what the last is answered with.
  action after(const std::vector<event>& events) {
    auto last = action::none;
    for (auto each : events)
      last = aut.on(each);
    return last;
  }

  void be_running() { after({event::start_asked, event::started}); }

  bool is_in(phase x) const { return aut.now() == x; }

  phases aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(phases_tests, fixture)

CAF_TEST(there is one start at a time) {
  CAF_CHECK(aut.on(event::start_asked) == action::start);
  CAF_CHECK(!aut.is_running());
  CAF_CHECK(aut.on(event::start_asked) == action::refuse);
  CAF_CHECK(aut.on(event::started) == action::serve);
  CAF_CHECK(aut.is_running());
  CAF_CHECK(aut.on(event::start_asked) == action::refuse);
}

CAF_TEST(who dies while others are started is noted and nothing else begins) {
  aut.on(event::start_asked);
  CAF_CHECK(aut.on(event::joint_died) == action::note);
  CAF_CHECK(aut.on(event::one_died) == action::note);
  aut.on(event::started);
  CAF_CHECK(aut.on(event::one_died) == action::revive);
  CAF_CHECK(aut.on(event::joint_died) == action::clear);
  CAF_CHECK(aut.on(event::joint_died) == action::note);
  CAF_CHECK(aut.on(event::one_died) == action::note);
  CAF_CHECK(aut.on(event::cleared) == action::start);
  CAF_CHECK(aut.on(event::joint_died) == action::note);
  CAF_CHECK(aut.on(event::started) == action::serve);
  CAF_CHECK(aut.on(event::joint_died) == action::clear);
}

CAF_TEST(a restart that could not be is tried again and one that failed is not ) {
  be_running();
  CAF_CHECK(after({event::joint_died, event::cleared, event::start_postponed})
            == action::postpone);
  CAF_CHECK(!aut.is_running());
  CAF_CHECK(aut.on(event::retry_due) == action::clear);
  CAF_CHECK(after({event::cleared, event::start_failed}) == action::give_up);
  CAF_CHECK(aut.on(event::joint_died) == action::none);
  CAF_CHECK(aut.on(event::stop_asked) == action::stop);
}

CAF_TEST(a first start that failed is not tried again) {
  CAF_CHECK(after({event::start_asked, event::start_postponed}) == action::none);
  CAF_CHECK(is_in(phase::failed));
  CAF_CHECK(aut.on(event::joint_died) == action::none);
  CAF_CHECK(aut.on(event::stop_asked) == action::stop);
}

CAF_TEST(a stop waits for those that are being started and comes once) {
  for (auto until : {event::started, event::start_postponed, event::start_failed}) {
    aut = {};
    be_running();
    aut.on(event::joint_died);
    CAF_CHECK(aut.on(event::stop_asked) == action::hold);
    CAF_CHECK(aut.ends());
    CAF_CHECK(aut.on(event::stop_asked) == action::refuse);
    CAF_CHECK(aut.on(event::cleared) == action::start);
    CAF_CHECK(aut.on(until) == action::stop);
    CAF_CHECK(is_in(phase::stopping));
    CAF_MESSAGE("AND nothing that was under way begins anything");
    for (auto late :
         {event::started, event::start_failed, event::start_postponed, event::cleared,
          event::one_died, event::joint_died, event::retry_due, event::stop_due})
      CAF_CHECK(aut.on(late) == action::none);
    CAF_CHECK(is_in(phase::stopping));
    CAF_CHECK(aut.on(event::stop_asked) == action::refuse);
  }
}

CAF_TEST(a stop that has waited long enough waits for nobody) {
  for (const auto& way : std::vector<std::vector<event>>{
         {event::start_asked},
         {event::start_asked, event::started, event::joint_died},
         {event::start_asked, event::started, event::joint_died, event::cleared}}) {
    aut = {};
    after(way);
    CAF_CHECK(aut.on(event::stop_asked) == action::hold);
    CAF_CHECK(aut.on(event::stop_due) == action::stop);
    CAF_CHECK(is_in(phase::stopping));
  }
}

CAF_TEST(a stop waits for one who is to be started anew alone) {
  be_running();
  CAF_CHECK(aut.on(event::one_died) == action::revive);
  aut.expect_one(true);
  CAF_CHECK(aut.on(event::stop_asked) == action::hold);
  CAF_CHECK(aut.ends());
  CAF_CHECK(aut.on(event::stop_asked) == action::refuse);
  CAF_CHECK(aut.on(event::one_died) == action::revive);
  aut.expect_one(false);
  CAF_CHECK(aut.on(event::ones_came) == action::stop);
  CAF_CHECK(is_in(phase::stopping));
  CAF_MESSAGE("but not for ever");
  aut = {};
  be_running();
  aut.expect_one(true);
  CAF_CHECK(aut.on(event::stop_asked) == action::hold);
  CAF_CHECK(aut.on(event::stop_due) == action::stop);
  CAF_CHECK(is_in(phase::stopping));
}

CAF_TEST(where nothing is under way a stop begins at once) {
  CAF_CHECK(aut.on(event::stop_asked) == action::stop);
  aut = {};
  CAF_CHECK(after({event::start_asked, event::stop_due}) == action::none);
  CAF_CHECK(is_in(phase::starting));
  aut = {};
  be_running();
  CAF_CHECK(aut.on(event::stop_asked) == action::stop);
  aut = {};
  be_running();
  after({event::joint_died, event::cleared, event::start_postponed});
  CAF_CHECK(aut.on(event::stop_asked) == action::stop);
}

CAF_TEST_FIXTURE_SCOPE_END()

#define CAF_SUITE clock_watch

#include "actors/detail/clock_watch.hpp"

#include <caf/test/dsl.hpp>

using sluice::detail::clock_sources;
using sluice::detail::clock_watch;

namespace {

constexpr int64_t hour_ms = 3'600'000;

struct fixture {
  clock_watch watch() {
    clock_sources sources;
    sources.wall_ms = [this] { return wall_ms; };
    sources.steady_ms = [this] { return steady_ms; };
    sources.synchronised = [this] {
      ++asked;
      return synchronised;
    };
    return clock_watch{std::move(sources)};
  }

  void pass(int64_t ms) {
    wall_ms += ms;
    steady_ms += ms;
  }

  int64_t wall_ms = 1'700'000'000'000;
  int64_t steady_ms = 5'000;
  bool synchronised = true;
  int asked = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(clock_watch_tests, fixture)

CAF_TEST(time that passes is no step however long it is) {
  auto aut = watch();
  pass(1000 * hour_ms);
  CAF_CHECK(aut.steady());
  CAF_CHECK_EQUAL(aut.doubt(), "");
  CAF_CHECK_EQUAL(aut.steps(), 0u);
}

CAF_TEST(a clock that is not synchronised is in doubt until it is) {
  synchronised = false;
  auto aut = watch();
  CAF_CHECK_EQUAL(aut.doubt(), "the clock is not synchronised");
  CAF_CHECK(aut.steady());
  CAF_CHECK(!aut.is_trusted());
  synchronised = true;
  pass(clock_watch::believed_ms);
  CAF_CHECK_EQUAL(aut.doubt(), "");
  CAF_CHECK(aut.is_trusted());
}

CAF_TEST(a clock that steps by an hour is in doubt from then on) {
  auto aut = watch();
  wall_ms += hour_ms - 1;
  CAF_CHECK_EQUAL(aut.doubt(), "");
  wall_ms += 1;
  CAF_CHECK_EQUAL(aut.doubt(), "the clock stepped by an hour or more since the start");
  CAF_CHECK(!aut.steady());
  CAF_CHECK_EQUAL(aut.steps(), 1u);
  CAF_MESSAGE("a step back does not undo what was written in between");
  wall_ms -= hour_ms;
  CAF_CHECK(!aut.steady());
  CAF_CHECK_EQUAL(aut.steps(), 2u);
  pass(hour_ms);
  CAF_CHECK(!aut.steady());
  CAF_CHECK_EQUAL(aut.steps(), 2u);
}

CAF_TEST(a clock that steps back by an hour is in doubt) {
  auto aut = watch();
  wall_ms -= hour_ms;
  CAF_CHECK(!aut.steady());
  CAF_CHECK(aut.doubt() != "");
  CAF_CHECK_EQUAL(aut.steps(), 1u);
}

CAF_TEST(small steps that add up to an hour are a step) {
  auto aut = watch();
  for (auto i = 0; i < 59; ++i) {
    wall_ms += 60'000;
    pass(hour_ms);
    CAF_CHECK(aut.steady());
  }
  wall_ms += 60'000;
  CAF_CHECK(!aut.steady());
}

CAF_TEST(a step is news for ten minutes) {
  auto aut = watch();
  pass(hour_ms);
  CAF_CHECK(!aut.stepped_lately());
  wall_ms += hour_ms;
  const auto seen = wall_ms;
  CAF_CHECK(aut.stepped_lately() == seen);
  pass(10 * 60'000 - 1);
  CAF_CHECK(aut.stepped_lately() == seen);
  pass(1);
  CAF_CHECK(!aut.stepped_lately());
  CAF_CHECK(!aut.steady());
  wall_ms -= hour_ms;
  CAF_CHECK(aut.stepped_lately() == wall_ms);
}

CAF_TEST(the kernel is believed for a second and no longer) {
  for (auto first : {true, false}) {
    synchronised = first;
    auto aut = watch();
    asked = 0;
    CAF_CHECK_EQUAL(aut.synchronised(), first);
    synchronised = !first;
    pass(clock_watch::believed_ms - 1);
    CAF_CHECK_EQUAL(aut.synchronised(), first);
    CAF_CHECK_EQUAL(aut.is_trusted(), first);
    CAF_CHECK_EQUAL(asked, 1);
    pass(1);
    CAF_CHECK_EQUAL(aut.synchronised(), !first);
    CAF_CHECK_EQUAL(asked, 2);
  }
}

CAF_TEST(a time that was set is asked about at once) {
  for (auto step : {clock_watch::set_ms_min, -clock_watch::set_ms_min})
    for (auto first : {true, false}) {
      synchronised = first;
      auto aut = watch();
      CAF_CHECK_EQUAL(aut.synchronised(), first);
      synchronised = !first;
      wall_ms += step;
      CAF_CHECK_EQUAL(aut.synchronised(), !first);
    }
}

CAF_TEST(the kernel clocks can be read) {
  clock_watch aut;
  CAF_CHECK(aut.steady());
  CAF_CHECK_GREATER(sluice::detail::boot_clock_ms(), 0);
  CAF_CHECK_EQUAL(aut.synchronised(), sluice::detail::clock_synchronised());
}

CAF_TEST_FIXTURE_SCOPE_END()

// The three rules of whatever is coalesced, on a clock that a test sets.
#define CAF_SUITE flight
#include "actors/coalesce/flight.hpp"

#include <caf/test/dsl.hpp>

#include <string>

using sluice::coalesce::flight;
using namespace std::chrono_literals;

namespace {

constexpr auto window = caf::timespan{5s};

struct fixture {
  /// One more item.
  void add() { aut.add(++last, now, window); }

  /// Lets time pass, and looks.
  void pass(caf::timespan span) {
    now += span;
    aut.look(now);
  }

  bool may_begin() const { return aut.is_free() && aut.is_due(); }

  /// How long until the next look; negative: there is none.
  caf::timespan next() const {
    const auto at = aut.next_look();
    return at ? *at - now : caf::timespan{-1};
  }

  /// A window that has just begun ends when it is over and not a nanosecond before.
  void check_whole_window() {
    CAF_CHECK(next() == window);
    pass(window - 1ns);
    CAF_CHECK(!may_begin());
    pass(1ns);
    CAF_CHECK(may_begin());
  }

  flight aut;
  uint64_t last = 0;
  flight::time_point now{1h};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(flight_tests, fixture)

// -- a window runs from its first item and never slides ---------------------------

CAF_TEST(what came is due when its window is over and not a nanosecond before) {
  CAF_CHECK(next() < 0s);
  add();
  check_whole_window();
  CAF_CHECK(next() < 0s);
}

CAF_TEST(items that follow do not move the end of the window) {
  add();
  for (auto i = 0; i < 4; ++i) {
    pass(1s);
    add();
    CAF_CHECK(next() == window - (i + 1) * 1s);
  }
  pass(1s);
  CAF_CHECK(may_begin());
}

CAF_TEST(a batch that takes all ends the window and the next item begins its own) {
  add();
  pass(3s);
  aut.want(last);
  aut.begin(last);
  aut.landed(last);
  pass(1s);
  add();
  check_whole_window();
}

CAF_TEST(a batch that leaves some leaves them the window) {
  add();
  add();
  pass(3s);
  aut.want(1);
  aut.begin(1);
  aut.landed(1);
  CAF_CHECK(!may_begin());
  CAF_CHECK(next() == 2s);
  pass(2s);
  CAF_CHECK(may_begin());
}

CAF_TEST(what comes after the end of a window that nobody looked at has its own) {
  add();
  now += window;
  add();
  CAF_CHECK(may_begin());
  aut.begin(1);
  aut.landed(1);
  CAF_CHECK(!aut.is_due());
  CAF_CHECK(next() == window);
}

CAF_TEST(windows end on the grid at its last point that is not late) {
  aut = flight{sluice::detail::flush_grid{500ms}};
  now += 10ms;
  add();
  CAF_CHECK(next() == window - 10ms);
}

CAF_TEST(who asks does not wait for the window) {
  add();
  aut.want(last);
  CAF_CHECK(may_begin());
}

CAF_TEST(a number that was never given makes nothing due) {
  aut.want(7);
  CAF_CHECK(!aut.is_due());
  add();
  CAF_CHECK(!aut.is_due());
}

// -- one batch is under way at a time ---------------------------------------------

CAF_TEST(while a batch is under way none begins however much is due) {
  add();
  aut.want(last);
  aut.begin(last);
  add();
  aut.want(last);
  pass(1h);
  CAF_CHECK(aut.is_due());
  CAF_CHECK(!aut.is_free());
  aut.landed(1);
  CAF_CHECK(may_begin());
}

CAF_TEST(a window that ends meanwhile makes its items follow at once) {
  add();
  aut.want(last);
  aut.begin(last);
  add();
  CAF_CHECK(next() < 0s);
  pass(window - 1ns);
  add();
  pass(1ns);
  aut.landed(1);
  CAF_CHECK(may_begin());
}

CAF_TEST(a window that has not ended when the batch is back goes on) {
  add();
  aut.want(last);
  aut.begin(last);
  add();
  pass(window - 1ns);
  aut.landed(1);
  CAF_CHECK(!may_begin());
  CAF_CHECK(next() == 1ns);
}

CAF_TEST(of a batch that was not all taken the rest follows at once) {
  for (auto i = 0; i < 3; ++i)
    add();
  aut.want(last);
  aut.begin(last);
  aut.landed(2);
  CAF_CHECK(may_begin());
  aut.begin(last);
  aut.landed(last);
  CAF_CHECK(!aut.is_due());
}

CAF_TEST(a batch of nothing may be under way) {
  aut.begin(0);
  CAF_CHECK(!aut.is_free());
  aut.landed(0);
  CAF_CHECK(aut.is_free());
  CAF_CHECK(!aut.is_due());
}

// -- what failed goes again before anything newer ---------------------------------

CAF_TEST(what failed goes again after its pause and not a nanosecond before) {
  add();
  aut.want(last);
  aut.begin(last);
  aut.failed(now);
  CAF_CHECK(aut.is_due());
  CAF_CHECK(next() == 100ms);
  pass(100ms - 1ns);
  CAF_CHECK(!may_begin());
  pass(1ns);
  CAF_CHECK(may_begin());
}

CAF_TEST(nothing newer overtakes what failed) {
  add();
  aut.want(last);
  aut.begin(last);
  aut.failed(now);
  CAF_MESSAGE("WHEN more comes, and is asked for, while it pauses");
  add();
  aut.want(last);
  CAF_CHECK(!may_begin());
  pass(100ms);
  CAF_MESSAGE("THEN a batch begins with what failed, or is that alone");
  aut.begin(1);
  CAF_CHECK(!aut.is_free());
  aut.landed(1);
  CAF_CHECK(may_begin());
}

CAF_TEST(the pause doubles up to ten seconds and a success begins it anew) {
  add();
  aut.want(last);
  for (auto ms : {100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000}) {
    aut.begin(last);
    aut.failed(now);
    CAF_CHECK(next() == ms * 1ms);
    pass(next());
  }
  aut.begin(last);
  aut.landed(last);
  add();
  aut.begin(last);
  aut.failed(now);
  CAF_CHECK(next() == 100ms);
}

CAF_TEST(who asks ends the pause and it goes on growing all the same) {
  add();
  aut.want(last);
  aut.begin(last);
  aut.failed(now);
  aut.end_pause();
  CAF_CHECK(may_begin());
  aut.begin(last);
  aut.failed(now);
  CAF_CHECK(next() == 200ms);
}

CAF_TEST(a failure beside the batches holds them up too) {
  add();
  aut.want(last);
  aut.pause(now);
  CAF_CHECK(!may_begin());
  CAF_CHECK(next() == 100ms);
  pass(100ms);
  CAF_CHECK(may_begin());
}

CAF_TEST(such a failure is looked at again though a batch is under way) {
  add();
  aut.want(last);
  aut.begin(last);
  aut.pause(now);
  CAF_CHECK(next() == 100ms);
  aut.landed(last);
  CAF_CHECK(aut.is_paused());
}

CAF_TEST(a batch whose taker died goes again at once) {
  add();
  aut.want(last);
  aut.begin(last);
  aut.lost();
  CAF_CHECK(may_begin());
}

CAF_TEST(what has landed and is gone again is due when it is wanted) {
  for (auto i = 0; i < 5; ++i)
    add();
  aut.want(last);
  aut.begin(last);
  aut.landed(last);
  aut.resume(2, last);
  CAF_CHECK(aut.is_due());
  aut.begin(last);
  aut.landed(last);
  CAF_CHECK(!aut.is_due());
}

CAF_TEST_FIXTURE_SCOPE_END()

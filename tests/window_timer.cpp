// The promises of the window timer, with an actor that opens and closes one as told.
#define CAF_SUITE window_timer
#include "actors/detail/window_timer.hpp"

#include "tests/fixture.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

using timed_actor =
  caf::typed_actor<caf::reacts_to<atom::open, caf::timespan>, caf::reacts_to<atom::close>,
                   caf::reacts_to<atom::tick, uint64_t>>;

struct timed_state {
  timed_state() = default;
  detail::window_timer window;
  uint64_t ticks = 0;
  uint64_t ended = 0;
};

timed_actor::behavior_type timed(timed_actor::stateful_pointer<timed_state> self) {
  auto* state = &self->state;
  return {
    [=](atom::open, caf::timespan length) { state->window.open(self, length); },
    [=](atom::close) { state->window.close(); },
    [=](atom::tick, uint64_t generation) {
      ++state->ticks;
      state->ended += state->window.ends(self, generation);
    },
  };
}

struct fixture : test::fixture {
  void open(caf::timespan length = 5s) {
    self->send(aut, atom::open_v, length);
    settle();
  }

  void close() {
    self->send(aut, atom::close_v);
    settle();
  }

  timed_actor aut = tracked(sys.spawn(timed));
  timed_state& state = deref<timed_actor::stateful_base<timed_state>>(aut).state;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(window_timer_tests, fixture)

CAF_TEST(a window ends once and on its last nanosecond) {
  open();
  pass(5s - 1ns);
  CAF_CHECK_EQUAL(state.ended, 0u);
  CAF_CHECK(state.window.is_open());
  pass(1ns);
  CAF_CHECK_EQUAL(state.ended, 1u);
  CAF_CHECK(!state.window.is_open());
  pass(1h);
  CAF_CHECK_EQUAL(state.ticks, 1u);
}

CAF_TEST(opening an open window does not move its end) {
  open();
  pass(4s);
  open();
  pass(1s);
  CAF_CHECK_EQUAL(state.ended, 1u);
}

CAF_TEST(a closed window does not end) {
  open();
  close();
  pass(1h);
  CAF_CHECK_EQUAL(state.ended, 0u);
}

CAF_TEST(a window that follows a closed one ends on its own last nanosecond) {
  open();
  pass(1s);
  close();
  pass(1s);
  open();
  CAF_MESSAGE("WHEN the first window's tick comes THEN the second goes on");
  pass(3s);
  CAF_CHECK_EQUAL(state.ticks, 1u);
  pass(2s - 1ns);
  CAF_CHECK_EQUAL(state.ended, 0u);
  pass(1ns);
  CAF_CHECK_EQUAL(state.ended, 1u);
}

CAF_TEST(a window opened on a nanosecond that a tick is due on runs its whole length) {
  open();
  close();
  pass(5s);
  open();
  pass(5s - 1ns);
  CAF_CHECK_EQUAL(state.ended, 0u);
  pass(1ns);
  CAF_CHECK_EQUAL(state.ended, 1u);
}

CAF_TEST(a thousand windows in one length have one message on its way) {
  for (int i = 0; i < 1000; ++i) {
    open();
    close();
    pass(1ms);
  }
  CAF_CHECK_EQUAL(advance_time(10s), 1u);
  settle();
  CAF_CHECK_EQUAL(state.ended, 0u);
}

CAF_TEST(a shorter window does not wait for the tick of a longer one) {
  open(10s);
  close();
  open(1s);
  pass(1s);
  CAF_CHECK_EQUAL(state.ended, 1u);
  CAF_MESSAGE("AND the longer one's tick ends nothing");
  open(20s);
  pass(9s);
  CAF_CHECK_EQUAL(state.ended, 1u);
  CAF_CHECK(state.window.is_open());
}

CAF_TEST(a window that outlives many ticks of others still ends on time) {
  open(1s);
  close();
  open(10s);
  pass(1s);
  pass(9s - 1ns);
  CAF_CHECK_EQUAL(state.ended, 0u);
  pass(1ns);
  CAF_CHECK_EQUAL(state.ended, 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

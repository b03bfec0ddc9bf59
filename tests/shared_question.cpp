// A question that is asked in the name of all who want to know.
#define CAF_SUITE shared_question
#include "actors/detail/shared_question.hpp"
#include "messages/error.hpp"
#include "tests/fixture.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

using teller_actor = caf::typed_actor<
  /// Answers when it is told to.
  caf::replies_to<atom::get>::with<int>,
  /// Tells how often it has asked.
  caf::replies_to<atom::stats>::with<int>,
  /// Ends the round with a number, or with an error, or forgets it.
  caf::reacts_to<atom::put, int>, caf::reacts_to<atom::erase>,
  caf::reacts_to<atom::forget>>;

struct teller_state {
  teller_state() = default;

  int asked = 0;
  detail::owed<int> round;
  detail::shared_question<int> question{[this](auto answer) {
    ++asked;
    round = std::move(answer);
  }};

  detail::owed<int> take_round() { return std::exchange(round, {}); }
};

teller_actor::behavior_type teller(teller_actor::stateful_pointer<teller_state> self) {
  return {
    [self](atom::get) { return self->state.question.put(self); },
    [self](atom::stats) { return self->state.asked; },
    [self](atom::put, int what) { self->state.take_round().deliver(what); },
    [self](atom::erase) {
      self->state.take_round().deliver(caf::make_error(ec::unavailable));
    },
    [self](atom::forget) { self->state.take_round(); },
  };
}

struct fixture : test::fixture {
  fixture() { aut = sys.spawn(teller); }

  ~fixture() override { caf::anon_send_exit(aut, caf::exit_reason::kill); }

  template <class... Ts>
  void tell(Ts... what) {
    caf::anon_send(aut, what...);
    run();
  }

  auto ask() {
    auto result = self->request(aut, caf::infinite, atom::get_v);
    run();
    return result;
  }

  template <class Asked>
  caf::expected<int> answer(Asked& asked) {
    caf::expected<int> result{caf::sec::none};
    asked.receive([&](int x) { result = x; },
                  [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  /// What was told.
  template <class Asked>
  int value(Asked& asked) {
    return *answer(asked);
  }

  int times_asked() {
    auto asked = self->request(aut, caf::infinite, atom::stats_v);
    run();
    return *answer(asked);
  }

  teller_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(shared_question_tests, fixture)

CAF_TEST(who comes while it is asked gets the next answer and not that one) {
  auto first = ask();
  auto second = ask();
  auto third = ask();
  CAF_CHECK_EQUAL(times_asked(), 1);
  tell(atom::put_v, 7);
  CAF_CHECK_EQUAL(value(first), 7);
  CAF_MESSAGE("THEN those two share a round");
  CAF_CHECK_EQUAL(times_asked(), 2);
  tell(atom::put_v, 8);
  CAF_CHECK_EQUAL(value(second), 8);
  CAF_CHECK_EQUAL(value(third), 8);
  CAF_CHECK_EQUAL(times_asked(), 2);
}

CAF_TEST(it is asked anew after everybody was told) {
  for (int n : {1, 2, 3}) {
    auto asked = ask();
    tell(atom::put_v, n);
    CAF_CHECK_EQUAL(value(asked), n);
    CAF_CHECK_EQUAL(times_asked(), n);
  }
}

CAF_TEST(an error is told to all who wait and the next is asked anew) {
  auto first = ask();
  auto second = ask();
  tell(atom::erase_v);
  CAF_CHECK(answer(first) == ec::unavailable);
  CAF_CHECK(answer(second) == ec::unavailable);
  auto third = ask();
  tell(atom::put_v, 9);
  CAF_CHECK_EQUAL(value(third), 9);
}

CAF_TEST(a round that is forgotten is an error and no wait for ever) {
  auto first = ask();
  auto second = ask();
  tell(atom::forget_v);
  CAF_CHECK(answer(first) == caf::sec::request_receiver_down);
  CAF_CHECK(answer(second) == caf::sec::request_receiver_down);
  auto third = ask();
  tell(atom::put_v, 9);
  CAF_CHECK_EQUAL(value(third), 9);
}

CAF_TEST(all who wait hear of the death of the one who asks) {
  auto first = ask();
  auto second = ask();
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  run();
  CAF_CHECK(answer(first) == caf::sec::request_receiver_down);
  CAF_CHECK(answer(second) == caf::sec::request_receiver_down);
}

CAF_TEST_FIXTURE_SCOPE_END()

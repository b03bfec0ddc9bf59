// An answer that is owed: what becomes of it when nobody gives it.
#define CAF_SUITE owed
#include "actors/detail/owed.hpp"
#include "messages/type_ids.hpp"
#include "tests/fixture.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <new>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

using debtor_actor = caf::typed_actor<
  /// Answers when it is told to.
  caf::replies_to<atom::get>::with<int>,
  /// Fails after it has taken the answer upon itself.
  caf::replies_to<atom::put>::with<int>, caf::reacts_to<atom::flush>>;

struct debtor_state {
  debtor_state() = default;
  std::vector<detail::owed<int>> debts;
};

debtor_actor::behavior_type debtor(debtor_actor::stateful_pointer<debtor_state> self) {
  return {
    [self](atom::get) -> caf::result<int> {
      self->state.debts.push_back(detail::owe<int>(self));
      return self->state.debts.back();
    },
    [self](atom::put) -> caf::result<int> {
      auto answer = detail::owe<int>(self);
      throw std::bad_alloc{};
    },
    [self](atom::flush) {
      for (auto& each : self->state.debts)
        each.deliver(7);
      self->state.debts.clear();
    },
  };
}

struct fixture : test::fixture {
  fixture() {
    aut = sys.spawn(debtor);
    run();
  }

  ~fixture() override { caf::anon_send_exit(aut, caf::exit_reason::kill); }

  /// What comes of a question after `and_then`.
  template <class Atom, class F>
  caf::expected<int> ask(Atom what, F and_then) {
    auto asked = self->request(aut, caf::infinite, what);
    run();
    and_then();
    run();
    caf::expected<int> result{caf::sec::none};
    asked.receive([&](int x) { result = x; },
                  [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  debtor_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(owed_tests, fixture)

CAF_TEST(an answer that is given is given once) {
  auto answer = ask(atom::get_v, [this] { caf::anon_send(aut, atom::flush_v); });
  CAF_REQUIRE(answer);
  CAF_CHECK_EQUAL(*answer, 7);
}

CAF_TEST(whoever waits hears of the death of the one who owes) {
  auto answer =
    ask(atom::get_v, [this] { caf::anon_send_exit(aut, caf::exit_reason::kill); });
  CAF_CHECK(answer == caf::sec::request_receiver_down);
}

CAF_TEST(whoever waits hears of a failure after the answer was taken on) {
  auto answer = ask(atom::put_v, [] {});
  CAF_CHECK(answer == caf::sec::request_receiver_down);
}

CAF_TEST_FIXTURE_SCOPE_END()

// What becomes of a question whose answer cannot be sent.
#define CAF_SUITE instrumented
#include "actors/observe/instrumented.hpp"

#include "actors/detail/owed.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <future>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

/// How many answers find no memory on their way to whoever asked.
std::atomic<int> lacking{0};

/// What the asker was told last.
std::promise<std::string> told;

class asker : public caf::event_based_actor {
public:
  using event_based_actor::enqueue;
  using event_based_actor::event_based_actor;

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* where) override {
    if (what->mid.is_response() && lacking > 0) {
      --lacking;
      throw std::bad_alloc{};
    }
    event_based_actor::enqueue(std::move(what), where);
  }

  caf::behavior make_behavior() override {
    return {[this](const caf::actor& whom) {
      request(whom, caf::infinite, 7)
        .then([](int) { told.set_value("an answer"); },
              [](const caf::error&) { told.set_value("a failure"); });
    }};
  }
};

caf::behavior teller(caf::event_based_actor*) {
  return {[](int x) { return x; }};
}

using teller_actor = caf::typed_actor<caf::replies_to<int>::with<int>>;

struct no_state {
  no_state() = default;
  static inline const char* name = "nobody";
};

/// Owes its answer to its own question, of which it has not heard.
teller_actor::behavior_type relay(teller_actor::stateful_pointer<no_state> self,
                                  teller_actor whom) {
  return {[self, whom](int x) -> caf::result<int> {
    auto answer = detail::owe<int>(self);
    self->request(whom, caf::infinite, x)
      .then([answer](int y) mutable { answer.deliver(y); },
            [answer](caf::error& err) mutable { answer.deliver(std::move(err)); });
    return answer;
  }};
}

std::promise<void> asked;

struct debtor_state {
  debtor_state() = default;
  static inline const char* name = "debtor";
  std::vector<detail::owed<int>> debts;
};

/// Takes an answer upon itself that it never gives.
teller_actor::behavior_type debtor(teller_actor::stateful_pointer<debtor_state> self) {
  return {[self](int) -> caf::result<int> {
    self->state.debts.push_back(detail::owe<int>(self));
    asked.set_value();
    return self->state.debts.back();
  }};
}

struct fixture {
  caf::actor_system_config config;
  caf::actor_system sys{config};

  /// What who asks `whom` hears once `dying` is killed amid the answer.
  std::string ask_and_kill(const teller_actor& whom, const teller_actor& dying) {
    lacking = 0;
    told = {};
    auto result = told.get_future();
    auto who = sys.spawn<asker>();
    caf::anon_send(who, caf::actor_cast<caf::actor>(whom));
    asked.get_future().wait();
    caf::anon_send_exit(dying, caf::exit_reason::kill);
    const auto in_time =
      result.wait_for(std::chrono::seconds{5}) == std::future_status::ready;
    caf::anon_send_exit(who, caf::exit_reason::kill);
    return in_time ? result.get() : "nothing";
  }

  std::string ask(int failures) {
    lacking = failures;
    told = {};
    auto result = told.get_future();
    auto who = sys.spawn<asker>();
    auto meter = std::make_shared<actor_meter>("teller", actor_label{});
    auto whom = sys.spawn<instrumented_function<caf::event_based_actor>>(
      meter, [](caf::local_actor* self) {
        return teller(static_cast<caf::event_based_actor*>(self));
      });
    caf::anon_send(who, whom);
    const auto in_time =
      result.wait_for(std::chrono::seconds{20}) == std::future_status::ready;
    caf::anon_send_exit(who, caf::exit_reason::kill);
    caf::anon_send_exit(whom, caf::exit_reason::kill);
    return in_time ? result.get() : "nothing";
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(instrumented_tests, fixture)

CAF_TEST(who asks is answered) {
  CAF_CHECK_EQUAL(ask(0), "an answer");
}

CAF_TEST(who asks hears of an answer for which there was no memory) {
  CAF_CHECK_EQUAL(ask(1), "a failure");
  CAF_MESSAGE("even where there is none for a while");
  CAF_CHECK_EQUAL(ask(5), "a failure");
}

CAF_TEST(who asks hears of the death of one that waited for an answer itself) {
  asked = {};
  auto last = spawn_metered(sys, {}, debtor).first;
  auto between = spawn_metered(sys, {}, relay, last).first;
  CAF_CHECK_EQUAL(ask_and_kill(between, between), "a failure");
  caf::anon_send_exit(last, caf::exit_reason::kill);
}

CAF_TEST(who asks hears of the death of one that was asked in turn) {
  asked = {};
  auto last = spawn_metered(sys, {}, debtor).first;
  auto between = spawn_metered(sys, {}, relay, last).first;
  CAF_CHECK_EQUAL(ask_and_kill(between, last), "a failure");
  caf::anon_send_exit(between, caf::exit_reason::kill);
}

CAF_TEST(one of whom nobody can be told ends) {
  auto who = spawn_metered(sys, {}, debtor).first;
  std::promise<void> ended;
  caf::actor_cast<caf::abstract_actor*>(who)->attach_functor(
    [&ended] { ended.set_value(); });
  try {
    introduce(who, [] { throw std::bad_alloc{}; });
    CAF_ERROR("whoever started it would believe that it is known");
  } catch (const std::bad_alloc&) {
    // as it must be
  }
  CAF_CHECK(ended.get_future().wait_for(std::chrono::seconds{5})
            == std::future_status::ready);
}

CAF_TEST_FIXTURE_SCOPE_END()

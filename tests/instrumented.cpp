// What becomes of a question whose answer cannot be sent.
#define CAF_SUITE instrumented
#include "actors/observe/instrumented.hpp"

#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <future>
#include <new>
#include <string>

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

struct fixture {
  caf::actor_system_config config;
  caf::actor_system sys{config};

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

CAF_TEST_FIXTURE_SCOPE_END()

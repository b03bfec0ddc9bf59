// What every test of an actor shares: the deterministic clock, and a request that
// runs whatever it sets off. Include it after defining CAF_SUITE.
#pragma once

#include "messages/error.hpp"

#include <caf/expected.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <vector>

#include <caf/test/dsl.hpp>

namespace sluice::test {

using namespace std::chrono_literals;

struct fixture : test_coordinator_fixture<> {
  /// Handles everything that is queued, timers left alone.
  void settle() {
    while (consume_message()) {
      // nop
    }
  }

  /// Lets time pass in one step, then handles what it set off. A timer armed by that
  /// counts from the end of the step, so what re-arms takes a step for each tick.
  void pass(caf::timespan span) {
    settle();
    advance_time(span);
    settle();
  }

  /// Asks, runs what the question sets off, and returns the answer.
  template <class Answer, class Handle, class... Args>
  caf::expected<Answer> ask(const Handle& who, Args&&... args) {
    auto handle = self->request(who, caf::infinite, std::forward<Args>(args)...);
    settle();
    caf::expected<Answer> answer{caf::sec::runtime_error};
    handle.receive([&](Answer& x) { answer = std::move(x); },
                   [&](caf::error& err) { answer = std::move(err); });
    return answer;
  }

  /// The answer itself, where anything else fails the test.
  template <class Answer, class Handle, class... Args>
  Answer get(const Handle& who, Args&&... args) {
    auto answer = ask<Answer>(who, std::forward<Args>(args)...);
    if (!answer)
      CAF_FAIL(sys.render(answer.error()));
    return std::move(*answer);
  }

  /// The code of the error that is the answer, or none.
  template <class Answer, class Handle, class... Args>
  ec refusal(const Handle& who, Args&&... args) {
    auto answer = ask<Answer>(who, std::forward<Args>(args)...);
    return answer ? ec::none : code_of(answer.error());
  }

  /// Remembers an actor to be ended with the fixture: one whose timers re-arm would
  /// keep the system alive.
  template <class Handle>
  Handle tracked(Handle who) {
    spawned_.push_back(caf::actor_cast<caf::actor>(who));
    return who;
  }

  ~fixture() override {
    for (auto& who : spawned_)
      caf::anon_send_exit(who, caf::exit_reason::kill);
    settle();
  }

private:
  std::vector<caf::actor> spawned_;
};

} // namespace sluice::test

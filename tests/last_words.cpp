// What an actor says at its end, however that comes.
#define CAF_SUITE last_words
#include "actors/detail/last_words.hpp"

#include "tests/fixture.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>

using namespace sluice;

namespace {

using listener_actor = caf::typed_actor<caf::reacts_to<atom::retire>>;
using speaker_actor = caf::typed_actor<caf::reacts_to<atom::check>>;

listener_actor::behavior_type listener(listener_actor::pointer,
                                       const std::shared_ptr<int>& heard) {
  return {[heard](atom::retire) { ++*heard; }};
}

class speaker_state {
public:
  explicit speaker_state(speaker_actor::pointer self) : self_(self) {}

  ~speaker_state() {
    ++*ends;
    detail::say_at_last(self_, [this] { self_->send(heir, atom::retire_v); });
  }

  listener_actor heir;
  std::shared_ptr<int> ends;

private:
  speaker_actor::pointer self_;
};

speaker_actor::behavior_type speaker(speaker_actor::stateful_pointer<speaker_state> self,
                                     const listener_actor& heir,
                                     const std::shared_ptr<int>& ends) {
  self->state.heir = heir;
  self->state.ends = ends;
  return {[](atom::check) {}};
}

struct fixture : test::fixture {
  fixture() {
    hears = tracked(sys.spawn(listener, heard));
    aut = sys.spawn(speaker, hears, ends);
    settle();
  }

  std::shared_ptr<int> heard = std::make_shared<int>(0);
  std::shared_ptr<int> ends = std::make_shared<int>(0);
  listener_actor hears;
  speaker_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(last_words_tests, fixture)

CAF_TEST(an actor that is ended says its last word) {
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(*ends, 1);
  CAF_CHECK_EQUAL(*heard, 1);
}

CAF_TEST(an actor that nobody holds any more is destroyed once) {
  CAF_MESSAGE("GIVEN an heir that takes nothing more, so that each message is dropped");
  caf::anon_send_exit(hears, caf::exit_reason::kill);
  settle();
  aut = nullptr;
  settle();
  CAF_CHECK_EQUAL(*ends, 1);
}

CAF_TEST_FIXTURE_SCOPE_END()

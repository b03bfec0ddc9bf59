// Who is at work for a supervisor, and who is not.
#define CAF_SUITE crew
#include "actors/lifecycle/crew.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>

#include <chrono>
#include <new>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// One whose end nobody can be told of, for want of memory.
class unwatchable : public caf::event_based_actor {
public:
  using event_based_actor::event_based_actor;

  void attach(caf::attachable_ptr) override { throw std::bad_alloc{}; }

  caf::behavior make_behavior() override {
    return {[](int x) { return x; }};
  }
};

caf::behavior worker(caf::event_based_actor*) {
  return {[](int x) { return x; }};
}

struct fixture {
  /// Whether it is answered, and so alive.
  bool answers(const caf::actor& who) {
    bool result = false;
    self->request(who, 5s, 1)
      .receive([&](int) { result = true; }, [](const caf::error&) {});
    return result;
  }

  caf::actor_system_config config;
  caf::actor_system sys{config};
  caf::scoped_actor self{sys};
  std::shared_ptr<crew> all = std::make_shared<crew>();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(crew_tests, fixture)

CAF_TEST(who is enlisted is in the crew until its chief hears of its death) {
  auto who = sys.spawn(worker);
  all->enlist(who, "file-syncer", self->address(), "log-writer");
  CAF_CHECK(all->has(who.address()));
  CAF_CHECK_EQUAL(all->names_of(all->helpers_of("log-writer")), "file-syncer log-writer");
  caf::anon_send_exit(who, caf::exit_reason::kill);
  caf::actor_addr dead;
  self->receive([&](const caf::down_msg& x) { dead = x.source; });
  CAF_CHECK(dead == who.address());
  all->left(dead);
  CAF_CHECK(all->all().empty());
}

CAF_TEST(one whose death nobody would hear of is not in the crew and ends) {
  auto who = caf::actor{sys.spawn<unwatchable>()};
  CAF_CHECK(answers(who));
  try {
    all->enlist(who, "file-syncer", self->address(), "log-writer");
    CAF_ERROR("whoever started it would believe that it is watched");
  } catch (const std::bad_alloc&) {
    // as it must be
  }
  CAF_CHECK(all->all().empty());
  CAF_CHECK(!answers(who));
}

CAF_TEST_FIXTURE_SCOPE_END()

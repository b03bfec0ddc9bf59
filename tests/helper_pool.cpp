// Who is given to whom asks for a helper.
#define CAF_SUITE helper_pool
#include "actors/detail/helper_pool.hpp"
#include "messages/type_ids.hpp"
#include "tests/fixture.hpp"

#include <caf/event_based_actor.hpp>

#include <functional>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;

namespace {

using helper_actor = caf::typed_actor<caf::replies_to<atom::stop>::with<stop_report>>;

helper_actor::behavior_type helper(helper_actor::pointer self) {
  return {[self](atom::stop) {
    self->quit();
    return stop_report{};
  }};
}

struct fixture : test::fixture {
  fixture() {
    pool.configure([this] {
      made.push_back(tracked(sys.spawn(helper)));
      return made.back();
    });
    owner = sys.spawn([this](caf::event_based_actor* by) {
      return caf::behavior{[this, by](atom::get) { work(by); }};
    });
    settle();
  }

  ~fixture() override {
    work = nullptr;
    caf::anon_send_exit(owner, caf::exit_reason::kill);
  }

  void give_back(const helper_actor& who, const caf::error& answered = caf::none) {
    work = [&](caf::event_based_actor* by) { pool.give_back(by, who, answered); };
    caf::anon_send(owner, atom::get_v);
    settle();
  }

  bool has_ended(const helper_actor& who) {
    return ask<stop_report>(who, atom::stop_v) == caf::sec::request_receiver_down;
  }

  detail::helper_pool<helper_actor> pool;
  std::vector<helper_actor> made;
  caf::actor owner;
  std::function<void(caf::event_based_actor*)> work;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(helper_pool_tests, fixture)

CAF_TEST(a helper that has answered is taken again) {
  auto first = pool.take();
  give_back(first);
  auto again = pool.take();
  CAF_CHECK_EQUAL(again, first);
  CAF_MESSAGE("AND one that failed at its work has answered too");
  give_back(first, caf::make_error(ec::disk_failed));
  again = pool.take();
  CAF_CHECK_EQUAL(again, first);
  CAF_CHECK_EQUAL(made.size(), 1u);
}

CAF_TEST(a helper that died while nobody needed it is not taken again) {
  auto first = pool.take();
  auto second = pool.take();
  give_back(first);
  give_back(second);
  caf::anon_send_exit(second, caf::exit_reason::kill);
  settle();
  const auto next = pool.take();
  CAF_CHECK_EQUAL(next, first);
  pool.take();
  CAF_CHECK_EQUAL(made.size(), 3u);
}

CAF_TEST(a helper that did not answer is not taken back) {
  auto first = pool.take();
  give_back(first, caf::make_error(caf::sec::request_receiver_down));
  const auto next = pool.take();
  CAF_CHECK_NOT_EQUAL(next, first);
}

CAF_TEST(few helpers wait and the others are stopped) {
  for (int i = 0; i < 3; ++i)
    pool.take();
  for (const auto& each : std::vector<helper_actor>{made})
    give_back(each);
  CAF_CHECK(!has_ended(made[0]));
  CAF_CHECK(has_ended(made[2]));
}

CAF_TEST_FIXTURE_SCOPE_END()

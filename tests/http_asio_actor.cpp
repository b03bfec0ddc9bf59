// An actor on the Asio thread: where its code runs, and how it ends.
#define CAF_SUITE http_asio_actor

#include "app/http/asio_actor.hpp"
#include "messages/error.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

using echo_actor = caf::typed_actor<caf::replies_to<int>::with<int>>;

echo_actor::behavior_type echo() {
  return {[](int x) { return x + 1; }};
}

class probe : public http::asio_actor {
public:
  using asio_actor::asio_actor;

  caf::behavior make_behavior() override {
    return {[](int x) { return x * 2; },
            [](const std::string& why) -> int { throw std::runtime_error{why}; }};
  }
};

struct fixture {
  caf::actor_system_config config;
  caf::actor_system sys{config};
  boost::asio::io_context io{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>>
    guard{io.get_executor()};
  caf::actor handle = sys.spawn<probe>(io);
  probe* uut = static_cast<probe*>(caf::actor_cast<caf::abstract_actor*>(handle));
  std::thread thread;

  fixture() {
    uut->begin();
    thread = std::thread{[this] { io.run(); }};
  }

  /// Runs on the Asio thread, and waits for it.
  template <class F>
  void there(F f) {
    std::promise<void> done;
    boost::asio::post(io, [&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  void end() {
    if (!guard)
      return;
    there([this] { uut->end(); });
    guard.reset();
    thread.join();
  }

  ~fixture() { end(); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(http_asio_actor_tests, fixture)

CAF_TEST(a continuation runs on the thread of the sockets) {
  auto other = sys.spawn(echo);
  std::promise<std::pair<int, std::thread::id>> answer;
  there([&] {
    uut->request(other, caf::infinite, 1)
      .then(
        [&](int x) {
          answer.set_value({x, std::this_thread::get_id()});
        },
        [&](caf::error&) {
          answer.set_value({-1, {}});
        });
  });
  auto [x, where] = answer.get_future().get();
  CAF_CHECK_EQUAL(x, 2);
  CAF_CHECK(where == thread.get_id());
}

CAF_TEST(requests from other actors are answered) {
  caf::scoped_actor self{sys};
  for (int i = 0; i < 1000; ++i)
    self->request(handle, 10s, i)
      .receive([&](int x) { CAF_REQUIRE_EQUAL(x, 2 * i); },
               [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
}

CAF_TEST(what fails in a handler fails its request and nothing more) {
  caf::scoped_actor self{sys};
  self->request(handle, 10s, std::string{"no memory"})
    .receive([](int) { CAF_FAIL("answered"); },
             [](caf::error& e) { CAF_CHECK(code_of(e) == ec::unavailable); });
  self->request(handle, 10s, 2)
    .receive([](int x) { CAF_CHECK_EQUAL(x, 4); },
             [&](caf::error& e) { CAF_FAIL(sys.render(e)); });
}

CAF_TEST(a request that never was answered does not keep anything alive) {
  auto alive = std::make_shared<int>(1);
  auto silent = sys.spawn([]() -> caf::behavior {
    return {[](int) -> caf::result<int> { return caf::skip(); }};
  });
  there([&] {
    uut->request(silent, caf::infinite, 1).then([alive](int) {}, [alive](caf::error&) {});
  });
  end();
  CAF_CHECK_EQUAL(alive.use_count(), 1);
  caf::anon_send_exit(silent, caf::exit_reason::kill);
}

CAF_TEST(a continuation that fails lets go of what it holds) {
  auto other = sys.spawn(echo);
  auto alive = std::make_shared<int>(1);
  there([&] {
    uut->request(other, caf::infinite, 1)
      .then([alive](int) { throw std::runtime_error{"no memory"}; },
            [alive](caf::error&) {});
  });
  for (int i = 0; i < 1000 && alive.use_count() > 1; ++i)
    std::this_thread::sleep_for(5ms);
  CAF_CHECK_EQUAL(alive.use_count(), 1);
}

CAF_TEST(a request that comes after the end is refused) {
  end();
  caf::scoped_actor self{sys};
  self->request(handle, 10s, 1)
    .receive([](int) { CAF_FAIL("answered"); },
             [](caf::error& e) { CAF_CHECK(code_of(e) == ec::unavailable); });
}

CAF_TEST_FIXTURE_SCOPE_END()

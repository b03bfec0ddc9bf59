// An actor on the Asio thread: where its code runs, and how it ends.
#define CAF_SUITE http_asio_actor

#include "app/http/asio_actor.hpp"
#include "messages/error.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

using echo_actor = caf::typed_actor<caf::replies_to<int>::with<int>>;

echo_actor::behavior_type echo() {
  return {[](int x) { return x + 1; }};
}

/// How many send at once, and how much each.
constexpr int senders = 4;
constexpr int messages = 20'000;

class probe : public http::asio_actor {
public:
  using asio_actor::asio_actor;

  caf::behavior make_behavior() override {
    return {[](int x) { return x * 2; },
            [](const std::string& why) -> int { throw std::runtime_error{why}; },
            [this](int from, int number) { take(from, number); }};
  }

  /// Of each sender, how many have come; only the Asio thread counts.
  std::array<int, senders> come{};
  int out_of_order = 0;
  std::atomic<int> all = 0;

private:
  void take(int from, int number) {
    if (number != come.at(static_cast<size_t>(from))++)
      ++out_of_order;
    ++all;
  }
};

/// Has always one more for itself.
class restless : public http::asio_actor {
public:
  using asio_actor::asio_actor;

  caf::behavior make_behavior() override {
    return {[this](int n) {
      ++handled;
      send(this, n + 1);
    }};
  }

  int handled = 0;
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
    CAF_REQUIRE(!uut->begin());
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

  /// Waits until `done` holds, for ten seconds at most.
  template <class F>
  bool soon(F done) {
    for (int i = 0; i < 2000 && !done(); ++i)
      std::this_thread::sleep_for(5ms);
    return done();
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
  CAF_CHECK(soon([&] { return alive.use_count() == 1; }));
}

CAF_TEST(whoever sends at whatever time each message is handled once and in order) {
  std::vector<std::thread> threads;
  for (int from = 0; from < senders; ++from)
    threads.emplace_back([this, from] {
      for (int number = 0; number < messages; ++number) {
        caf::anon_send(handle, from, number);
        // Now and then all is handled before the next one, whose wake-up counts then.
        if (number % 64 == 0)
          std::this_thread::sleep_for(100us);
      }
    });
  for (auto& each : threads)
    each.join();
  CAF_CHECK(soon([&] { return uut->all == senders * messages; }));
  end();
  CAF_CHECK_EQUAL(uut->out_of_order, 0);
  for (auto count : uut->come)
    CAF_CHECK_EQUAL(count, messages);
}

CAF_TEST(what came before the beginning is handled then) {
  boost::asio::io_context other{1};
  auto late = sys.spawn<probe>(other);
  auto* aut = static_cast<probe*>(caf::actor_cast<caf::abstract_actor*>(late));
  caf::anon_send(late, 0, 0);
  caf::anon_send(late, 0, 1);
  other.poll();
  CAF_CHECK_EQUAL(aut->all.load(), 0);
  CAF_REQUIRE(!aut->begin());
  other.restart();
  other.poll();
  CAF_CHECK_EQUAL(aut->all.load(), 2);
  CAF_CHECK_EQUAL(aut->out_of_order, 0);
  aut->end();
}

CAF_TEST(one who never runs out of messages leaves the sockets their turn) {
  boost::asio::io_context other{1};
  auto late = sys.spawn<restless>(other);
  auto* aut = static_cast<restless*>(caf::actor_cast<caf::abstract_actor*>(late));
  CAF_REQUIRE(!aut->begin());
  caf::anon_send(late, 0);
  bool is_our_turn = false;
  other.run_one();
  boost::asio::post(other, [&] { is_our_turn = true; });
  for (int i = 0; i < 4; ++i)
    other.run_one();
  CAF_CHECK(is_our_turn);
  CAF_MESSAGE("AND its own turn comes again");
  const auto handled = aut->handled;
  for (int i = 0; i < 4; ++i)
    other.run_one();
  CAF_CHECK_GREATER(aut->handled, handled);
  aut->end();
}

CAF_TEST(while it ends every request is answered or refused and none is handled after) {
  std::atomic<int> under_way = 0;
  std::vector<std::thread> threads;
  std::atomic<int> lost = 0;
  for (int from = 0; from < senders; ++from)
    threads.emplace_back([&] {
      caf::scoped_actor self{sys};
      bool refused = false;
      for (int i = 0; !refused; ++i) {
        ++under_way;
        self->request(handle, 10s, i)
          .receive([&](int x) { lost += x != 2 * i; },
                   [&](caf::error& e) {
                     refused = true;
                     lost += code_of(e) != ec::unavailable;
                   });
      }
    });
  CAF_CHECK(soon([&] { return under_way > 1000; }));
  end();
  for (auto& each : threads)
    each.join();
  CAF_CHECK_EQUAL(lost.load(), 0);
  const auto handled = uut->all.load();
  caf::anon_send(handle, 0, 0);
  CAF_CHECK_EQUAL(uut->all.load(), handled);
}

CAF_TEST(where no descriptor can be had the beginning fails and says so) {
  boost::asio::io_context other{1};
  auto late = sys.spawn<probe>(other);
  auto* aut = static_cast<probe*>(caf::actor_cast<caf::abstract_actor*>(late));
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  auto none = before;
  none.rlim_cur = 0;
  setrlimit(RLIMIT_NOFILE, &none);
  const auto err = aut->begin();
  setrlimit(RLIMIT_NOFILE, &before);
  CAF_CHECK(code_of(err) == ec::unavailable);
  CAF_MESSAGE("AND what it was asked is refused at its end");
  caf::scoped_actor self{sys};
  auto asked = self->request(late, 10s, 1);
  aut->end();
  asked.receive([](int) { CAF_FAIL("answered"); },
                [](caf::error& e) { CAF_CHECK(code_of(e) == ec::unavailable); });
}

CAF_TEST(a request that comes after the end is refused) {
  end();
  caf::scoped_actor self{sys};
  self->request(handle, 10s, 1)
    .receive([](int) { CAF_FAIL("answered"); },
             [](caf::error& e) { CAF_CHECK(code_of(e) == ec::unavailable); });
}

CAF_TEST_FIXTURE_SCOPE_END()

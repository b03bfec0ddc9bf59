// The promises of a stop and of a survey, with children that do as the test says.
#define CAF_SUITE drain
#include "actors/lifecycle/drain.hpp"

#include "actors/lifecycle/survey.hpp"
#include "tests/fixture.hpp"

#include <caf/event_based_actor.hpp>

#include <map>
#include <memory>
#include <set>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

/// What the children were asked, in order.
using journal = std::shared_ptr<std::vector<std::string>>;

/// A child that answers, or never does.
managed_actor::behavior_type
mock_child(managed_actor::stateful_pointer<std::vector<caf::response_promise>> self,
           const std::string& key, const journal& asked, bool stuck) {
  return {
    [=](atom::status) -> caf::result<status_report> {
      if (stuck)
        return self->make_response_promise<status_report>();
      status_report report;
      report.key = key;
      return report;
    },
    [=](atom::stop) -> caf::result<stop_report> {
      asked->push_back(key);
      if (stuck)
        return self->make_response_promise<stop_report>();
      self->quit();
      return stop_report{"child", key, 1, 0, ""};
    },
  };
}

/// A supervisor that does nothing but drain and survey.
class mock_state {
public:
  mock_state() = default;

  std::shared_ptr<drain> draining;
  /// By a drain that was given up.
  std::vector<stop_report> told;
  std::shared_ptr<trouble_memory> memory = std::make_shared<trouble_memory>();
};

supervisor_actor::behavior_type
mock_supervisor(supervisor_actor::stateful_pointer<mock_state> self, const children& all,
                const std::set<std::string>& dead) {
  return {
    [](atom::start) { return subsystems{}; },
    [](atom::open, const std::string&) { return log_buffer_actor{}; },
    [](atom::stats, const std::string&) { return log_stats{}; },
    [](atom::tail, const std::string&, const tail_bounds&) { return log_tail{}; },
    [](atom::flush, const std::string&) { return flush_report{}; },
    [](atom::persist, const std::string&, uint64_t) { return durability::disk; },
    [](atom::connect, const ws_connection&) { return ws_batcher_actor{}; },
    [](atom::clients) { return std::vector<ws_batcher_actor>{}; },
    [](atom::logs) { return std::vector<named_log_stats>{}; },
    [self, all](atom::survey) -> caf::result<std::vector<status_report>> {
      auto promise = detail::owe<std::vector<status_report>>(self);
      status_report own;
      own.name = "supervisor";
      survey(self, all, 500ms, std::move(own), self->state.memory, promise);
      return promise;
    },
    [](atom::persist) { return true; },
    [](atom::restart, const std::string&) { return std::string{}; },
    [](atom::confirm, const std::string&) { return true; },
    [](atom::apply, const live_settings&) {},
    [](atom::attach, const subsystems_listener_actor&) {},
    [](atom::attach, const std::string&, const guest_actor&) {},
    [](atom::attach, const log_user_actor&) {},
    [self](atom::tick) { self->state.told = self->state.draining->give_up(); },
    [](atom::retire, const std::string&, const log_past&) {},
    [](atom::retire, const database_past&) {},
    [](atom::retire, const metrics_past&) {},
    [self](atom::retry) { self->state.draining->fell("database"); },
    [](atom::check) { return true; },
    [self, all, dead](atom::stop) {
      auto promise = self->make_response_promise<std::vector<stop_report>>();
      self->state.draining =
        drain::begin(self, all, dead, 30s, [self, promise](auto reports) mutable {
          promise.deliver(std::move(reports));
          self->quit();
        });
      return promise;
    },
  };
}

struct fixture : test::fixture {
  void add(const std::string& key, std::optional<stage> when, bool stuck = false) {
    const auto name = all.size() < kinds.size() ? kinds[all.size()] : "child";
    auto who = tracked(sys.spawn(mock_child, key, asked, stuck));
    all.push_back({name, key, who, when});
  }

  void start() { aut = tracked(sys.spawn(mock_supervisor, all, dead)); }

  const mock_state& state() {
    return deref<supervisor_actor::stateful_base<mock_state>>(aut).state;
  }

  /// What the children are, in order; of others nothing is known.
  std::vector<std::string> kinds;
  std::set<std::string> dead;
  children all;
  journal asked = std::make_shared<std::vector<std::string>>();
  supervisor_actor aut;
};

using names = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(drain_tests, fixture)

CAF_TEST(upstream stops before downstream whatever the order of their start) {
  add("metrics", stage::observers);
  add("writer", stage::stores);
  add("buffer", stage::intake);
  add("database", stage::database);
  start();
  auto reports = get<std::vector<stop_report>>(aut, atom::stop_v);
  CAF_CHECK(*asked == (names{"buffer", "writer", "database", "metrics"}));
  CAF_CHECK_EQUAL(reports.size(), 4u);
}

CAF_TEST(a child that another one stops is not asked) {
  add("reader", std::nullopt);
  add("database", stage::database);
  start();
  CAF_CHECK_EQUAL(get<std::vector<stop_report>>(aut, atom::stop_v).size(), 1u);
  CAF_CHECK(*asked == names{"database"});
}

CAF_TEST(downstream is not asked before upstream has answered) {
  add("buffer", stage::intake, true);
  add("writer", stage::stores);
  start();
  auto answer = self->request(aut, caf::infinite, atom::stop_v);
  settle();
  CAF_CHECK(*asked == names{"buffer"});
  pass(30s - 1ns);
  CAF_CHECK(*asked == names{"buffer"});
  CAF_MESSAGE("WHEN the deadline passes THEN the stuck one is told and the rest goes on");
  pass(1ns);
  CAF_CHECK(*asked == (names{"buffer", "writer"}));
  answer.receive(
    [](const std::vector<stop_report>& reports) {
      CAF_REQUIRE_EQUAL(reports.size(), 2u);
      CAF_CHECK_EQUAL(reports[0].key, "buffer");
      CAF_CHECK_EQUAL(reports[0].left, 1u);
      CAF_CHECK_EQUAL(reports[1].left, 0u);
    },
    [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
}

CAF_TEST(clients stop between the intake and the stores and are told only if stuck) {
  add("store", stage::stores);
  add("client", stage::delivery);
  add("gone", stage::delivery);
  add("hub", stage::intake);
  self->send_exit(caf::actor_cast<caf::actor>(all[2].handle), caf::exit_reason::kill);
  settle();
  start();
  auto reports = get<std::vector<stop_report>>(aut, atom::stop_v);
  CAF_CHECK(*asked == (names{"hub", "client", "store"}));
  CAF_REQUIRE_EQUAL(reports.size(), 2u);
  CAF_CHECK_EQUAL(reports[0].key, "hub");
  CAF_CHECK_EQUAL(reports[1].key, "store");
}

CAF_TEST(who began a drain may forget it and begin another) {
  add("stuck", stage::intake, true);
  add("well", stage::stores);
  start();
  using reports = std::vector<stop_report>;
  auto first = self->request(aut, caf::infinite, atom::stop_v);
  settle();
  CAF_MESSAGE("WHEN one is begun while the answers to another are under way");
  caf::anon_send(aut, atom::stop_v);
  pass(30s);
  first.receive([](const reports& x) { CAF_CHECK_EQUAL(x.size(), 2u); },
                [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
}

CAF_TEST(who feeds somebody dead is ended and not waited for) {
  kinds = {"session-debouncer", "sql-queue", "session-journal"};
  add("sessions", stage::intake, true);
  add("queue", stage::intake);
  dead = {"session-journal"};
  start();
  const auto told = get<std::vector<stop_report>>(aut, atom::stop_v);
  CAF_CHECK(*asked == names{"queue"});
  CAF_REQUIRE_EQUAL(told.size(), 2u);
  CAF_CHECK_EQUAL(told[0].name, "session-debouncer");
  CAF_CHECK_EQUAL(told[0].left, 1u);
  CAF_CHECK_EQUAL(told[1].left, 0u);
}

CAF_TEST(who feeds somebody that dies meanwhile is waited for no longer) {
  kinds = {"sql-queue", "session-debouncer", "database"};
  add("queue", stage::intake, true);
  add("sessions", stage::intake, true);
  add("database", stage::database);
  start();
  auto answer = self->request(aut, caf::infinite, atom::stop_v);
  settle();
  CAF_MESSAGE("WHEN the database dies THEN its queue is, and the sessions are not");
  caf::anon_send(aut, atom::retry_v);
  settle();
  CAF_CHECK(*asked == (names{"queue", "sessions"}));
  pass(30s);
  answer.receive(
    [](const std::vector<stop_report>& reports) {
      CAF_REQUIRE_EQUAL(reports.size(), 3u);
      CAF_CHECK_EQUAL(reports[0].name, "sql-queue");
      CAF_CHECK_EQUAL(reports[1].name, "session-debouncer");
    },
    [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
}

CAF_TEST(a drain that is given up tells of each once and does nothing more) {
  add("stuck", stage::intake, true);
  add("well", stage::intake);
  add("later", stage::stores);
  start();
  caf::anon_send(aut, atom::stop_v);
  settle();
  caf::anon_send(aut, atom::tick_v);
  settle();
  CAF_CHECK(state().draining->is_over());
  const auto told = state().told;
  CAF_REQUIRE_EQUAL(told.size(), 3u);
  CAF_CHECK_EQUAL(told[0].left, 0u);
  CAF_CHECK_EQUAL(told[1].left, 1u);
  CAF_CHECK_EQUAL(told[2].left, 1u);
  pass(30s);
  CAF_CHECK(*asked == (names{"stuck", "well"}));
}

CAF_TEST(a survey answers in the order of the children and ends with its own) {
  add("a", stage::intake);
  add("b", stage::stores);
  start();
  auto reports = get<std::vector<status_report>>(aut, atom::survey_v);
  CAF_REQUIRE_EQUAL(reports.size(), 3u);
  CAF_CHECK_EQUAL(reports[0].key, "a");
  CAF_CHECK_EQUAL(reports[1].key, "b");
  CAF_CHECK_EQUAL(reports[2].name, "supervisor");
}

CAF_TEST(a survey tells a stuck actor as such and waits for it only shortly) {
  add("stuck", stage::intake, true);
  add("well", stage::stores);
  start();
  auto answer = self->request(aut, caf::infinite, atom::survey_v);
  settle();
  pass(500ms);
  answer.receive(
    [](const std::vector<status_report>& reports) {
      CAF_REQUIRE_EQUAL(reports.size(), 3u);
      CAF_REQUIRE_EQUAL(reports[0].alerts.size(), 1u);
      CAF_CHECK_EQUAL(reports[0].alerts[0].id, "actor-silent");
      CAF_CHECK(reports[1].alerts.empty());
      CAF_MESSAGE("AND how often somebody was silent is counted");
      CAF_CHECK(reports[2].troubles == std::vector{trouble_count{"actor-silent", 1}});
    },
    [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
}

CAF_TEST(how often troubles came up never falls when who told of them ends) {
  trouble_memory memory;
  auto told = [&](std::vector<status_report> reports) {
    reports.emplace_back();
    memory.complete(reports);
    std::map<std::string, uint64_t> sums;
    for (const auto& report : reports)
      for (const auto& x : report.troubles)
        sums[x.id] += x.times;
    return sums["full"];
  };
  auto report = [](uint64_t id, std::vector<trouble_count> troubles) {
    status_report result;
    result.id = id;
    result.troubles = std::move(troubles);
    return result;
  };
  memory.began(1);
  memory.began(2);
  CAF_CHECK_EQUAL(told({report(1, {{"full", 3}}), report(2, {{"full", 1}})}), 4u);
  CAF_MESSAGE("WHEN one is silent THEN what it told last counts");
  CAF_CHECK_EQUAL(told({report(1, {}), report(2, {{"full", 2}})}), 5u);
  CAF_MESSAGE("WHEN one ends and another takes its place THEN both count");
  memory.ended(1);
  memory.began(3);
  CAF_CHECK_EQUAL(told({report(2, {{"full", 2}}), report(3, {{"full", 1}})}), 6u);
  CAF_MESSAGE("WHEN one ends while it is asked THEN it does not count twice");
  memory.ended(3);
  CAF_CHECK_EQUAL(told({report(2, {{"full", 2}}), report(3, {{"full", 1}})}), 6u);
}

CAF_TEST(who does not finish by the deadline is ended and whoever finishes is not ) {
  add("stuck", stage::intake, true);
  add("slow", stage::stores);
  auto ended = std::make_shared<std::vector<caf::actor_addr>>();
  auto looker = sys.spawn([ended](caf::event_based_actor* me) {
    me->set_down_handler([ended](const caf::down_msg& x) {
      if (x.reason == caf::exit_reason::kill)
        ended->push_back(x.source);
    });
    return caf::behavior{[me](const caf::actor_addr& who) { me->monitor(who); }};
  });
  for (const auto& each : all)
    self->send(looker, each.handle.address());
  start();
  auto answer = self->request(aut, caf::infinite, atom::stop_v);
  pass(30s - 1ns);
  CAF_CHECK(ended->empty());
  pass(1ns);
  answer.receive([](const std::vector<stop_report>&) {},
                 [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
  const auto killed = *ended;
  CAF_CHECK(killed == std::vector{all[0].handle.address()});
  caf::anon_send_exit(looker, caf::exit_reason::kill);
  settle();
}

CAF_TEST_FIXTURE_SCOPE_END()

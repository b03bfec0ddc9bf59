// The promises of the metrics aggregator, with sources that count what they are told.
#define CAF_SUITE metrics_aggregator
#include "actors/observe/metrics_aggregator.hpp"

#include "tests/fixture.hpp"

using namespace sluice;
using namespace std::chrono_literals;

namespace {

metrics_report queries(uint64_t n) {
  metrics_report told;
  told.counts.queries = n;
  return told;
}

metrics_report booked(const std::string& subsystem, const std::string& name,
                      const ledger_counts& counts) {
  return {{}, {{subsystem, name, counts}}};
}

/// Hands over what the test has put in, and counts how often it was asked.
struct source_account {
  uint64_t queries = 0;
  uint64_t held = 0;
  std::vector<ledger_entry> booked;
  uint64_t asked = 0;
  bool silent = false;
  std::vector<caf::typed_response_promise<metrics_report>> open;
};

metered_actor::behavior_type source(metered_actor::pointer self,
                                    const std::shared_ptr<source_account>& account) {
  return {
    [self, account](atom::collect) -> caf::result<metrics_report> {
      ++account->asked;
      if (!account->silent)
        return metrics_report{queries(std::exchange(account->queries, 0)).counts,
                              std::exchange(account->booked, {}), account->held};
      account->open.push_back(self->make_response_promise<metrics_report>());
      return account->open.back();
    },
  };
}

struct fixture : test::fixture {
  fixture() {
    metrics_aggregator_config config;
    config.history = 3;
    config.kernel = [] { return process_io{1, 2, 3, 4, 5, 6}; };
    config.device = [] { return device_io{"card", 7, 8}; };
    config.uptime = [] { return caf::timespan{9ms}; };
    config.endurance_tbw = 10;
    aut = tracked(sys.spawn(metrics_aggregator, config));
    first = tracked(sys.spawn(source, account));
    self->send(aut, atom::attach_v, first);
    settle();
  }

  metrics_window snapshot() { return get<metrics_window>(aut, atom::snapshot_v); }
  ledger_report ledger() { return get<ledger_report>(aut, atom::ledger_v); }
  metrics_totals totals() { return get<metrics_totals>(aut, atom::totals_v); }
  std::vector<metrics_window> history() {
    return get<std::vector<metrics_window>>(aut, atom::history_v);
  }

  std::shared_ptr<source_account> account = std::make_shared<source_account>();
  metrics_aggregator_actor aut;
  metered_actor first;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(metrics_aggregator_tests, fixture)

CAF_TEST(a reading includes what happened before it) {
  account->queries = 7;
  CAF_CHECK_EQUAL(snapshot().counts.queries, 7u);
  account->queries = 2;
  CAF_CHECK_EQUAL(totals().total.queries, 9u);
}

CAF_TEST(lines that are held go with their holder and are no sum) {
  account->held = 3;
  CAF_CHECK_EQUAL(totals().log_lines_held, 3u);
  CAF_CHECK_EQUAL(totals().log_lines_held, 3u);
  auto next = std::make_shared<source_account>();
  next->held = 4;
  auto second = tracked(sys.spawn(source, next));
  self->send(aut, atom::attach_v, second);
  CAF_CHECK_EQUAL(totals().log_lines_held, 7u);
  CAF_MESSAGE("one that dies takes back what it told");
  caf::anon_send_exit(first, caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(totals().log_lines_held, 4u);
}

CAF_TEST(what is reported with a flush and what is asked for add up) {
  self->send(aut, atom::report_v, queries(5));
  account->queries = 1;
  CAF_CHECK_EQUAL(snapshot().counts.queries, 6u);
}

CAF_TEST(nobody is asked until a window ends or somebody reads) {
  pass(1min - 1ns);
  CAF_CHECK_EQUAL(account->asked, 0u);
  pass(1ns);
  CAF_CHECK_EQUAL(account->asked, 1u);
}

CAF_TEST(a window ends after its length and not a nanosecond before) {
  account->queries = 4;
  pass(1min - 1ns);
  CAF_CHECK(history().empty());
  pass(1ns);
  auto windows = history();
  CAF_REQUIRE_EQUAL(windows.size(), 1u);
  CAF_CHECK_EQUAL(windows[0].counts.queries, 4u);
  CAF_CHECK_EQUAL(windows[0].duration_ns, caf::timespan{1min}.count());
  CAF_CHECK_EQUAL(snapshot().counts.queries, 0u);
}

CAF_TEST(only the last windows are kept and the oldest comes first) {
  for (uint64_t i = 1; i <= 5; ++i) {
    account->queries = i;
    pass(1min);
  }
  auto windows = history();
  CAF_REQUIRE_EQUAL(windows.size(), 3u);
  CAF_CHECK_EQUAL(windows.front().counts.queries, 3u);
  CAF_CHECK_EQUAL(windows.back().counts.queries, 5u);
  CAF_CHECK_EQUAL(totals().total.queries, 15u);
}

CAF_TEST(rates come from the current window until there is a full one) {
  account->queries = 3;
  CAF_CHECK_EQUAL(totals().rate_window.counts.queries, 3u);
  pass(1min);
  account->queries = 100;
  CAF_CHECK_EQUAL(totals().rate_window.counts.queries, 3u);
}

CAF_TEST(an actor that does not answer is waited for only shortly) {
  account->silent = true;
  auto answer = self->request(aut, caf::infinite, atom::snapshot_v);
  settle();
  pass(250ms);
  answer.receive([](const metrics_window& x) { CAF_CHECK_EQUAL(x.counts.queries, 0u); },
                 [&](const caf::error& err) { CAF_FAIL(sys.render(err)); });
}

CAF_TEST(an actor that ended is not asked again) {
  caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
  settle();
  snapshot();
  CAF_CHECK_EQUAL(account->asked, 0u);
}

CAF_TEST(the kernel is asked when somebody reads) {
  CAF_CHECK_EQUAL(totals().kernel.write_calls, 2u);
}

// -- the ledger -------------------------------------------------------------------------

CAF_TEST(the ledger includes what happened before it is read) {
  self->send(aut, atom::report_v, booked("log", "app", {100, 1'000, 1, 1'000, 0}));
  account->booked = {{"log", "app", {50, 500, 1, 1'500, 1}}};
  const std::vector<ledger_entry> both{{"log", "app", {150, 1'500, 2, 2'500, 1}}};
  CAF_CHECK(ledger().entries == both);
  CAF_MESSAGE("and counts nothing twice");
  CAF_CHECK(ledger().entries == both);
}

CAF_TEST(the ledger keeps what those who ended have booked) {
  account->booked = {{"session", "users", {1, 2, 3, 4, 5}}};
  ledger();
  caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
  settle();
  CAF_CHECK_EQUAL(ledger().entries.size(), 1u);
}

CAF_TEST(the ledger has an account for each log and each store) {
  self->send(aut, atom::report_v, booked("session", "a", {1, 0, 0, 0, 0}));
  self->send(aut, atom::report_v, booked("log", "b", {2, 0, 0, 0, 0}));
  self->send(aut, atom::report_v, booked("log", "a", {3, 0, 0, 0, 0}));
  const std::vector<ledger_entry> sorted{{"log", "a", {3, 0, 0, 0, 0}, 1},
                                         {"log", "b", {2, 0, 0, 0, 0}},
                                         {"session", "a", {1, 0, 0, 0, 0}}};
  CAF_CHECK(ledger().entries == sorted);
}

CAF_TEST(the ledger does not grow without end) {
  for (int i = 0; i < 5'000; ++i)
    self->send(aut, atom::report_v,
               booked("session", std::to_string(i), {1, 0, 0, 0, 0}));
  const auto entries = ledger().entries;
  CAF_CHECK_EQUAL(entries.size(), 4'097u);
  uint64_t requests = 0;
  for (const auto& each : entries)
    requests += each.counts.requests;
  CAF_CHECK_EQUAL(requests, 5'000u);
  CAF_CHECK_EQUAL(entries.front().name, "(others)");
}

CAF_TEST(many names of one subsystem take no account from another) {
  for (int i = 0; i < 5'000; ++i)
    self->send(aut, atom::report_v,
               booked("session", std::to_string(i), {1, 0, 0, 0, 0}));
  self->send(aut, atom::report_v, booked("database", "", {1, 0, 0, 0, 0}));
  self->send(aut, atom::report_v, booked("log", "app", {1, 0, 0, 0, 0}));
  const auto entries = ledger().entries;
  const auto has = [&](const std::string& subsystem, const std::string& name) {
    return std::any_of(entries.begin(), entries.end(), [&](const ledger_entry& x) {
      return x.subsystem == subsystem && x.name == name;
    });
  };
  CAF_CHECK(has("database", ""));
  CAF_CHECK(has("log", "app"));
}

CAF_TEST(an account keeps its place whoever comes later) {
  self->send(aut, atom::report_v, booked("log", "z", {1, 0, 0, 0, 0}));
  self->send(aut, atom::report_v, booked("log", "a", {1, 0, 0, 0, 0}));
  self->send(aut, atom::report_v, booked("session", "s", {1, 0, 0, 0, 0}));
  const auto entries = ledger().entries;
  CAF_REQUIRE_EQUAL(entries.size(), 3u);
  CAF_CHECK_EQUAL(entries[0].place, 1u);
  CAF_CHECK_EQUAL(entries[1].place, 0u);
  CAF_CHECK_EQUAL(entries[2].place, 0u);
}

CAF_TEST(the ledger tells what the kernel counts) {
  const auto told = ledger();
  CAF_CHECK_EQUAL(told.process.device_write_bytes, 6u);
  CAF_CHECK((told.device == device_io{"card", 7, 8}));
  CAF_CHECK_EQUAL(told.duration_ms, 9);
  CAF_CHECK_EQUAL(told.endurance_tbw, 10u);
}

CAF_TEST(windows keep counts and no accounts) {
  auto told = booked("log", "app", {1, 2, 3, 4, 5});
  told.counts.queries = 6;
  self->send(aut, atom::report_v, told);
  CAF_CHECK_EQUAL(snapshot().counts.queries, 6u);
  CAF_CHECK_EQUAL(totals().total.queries, 6u);
}

CAF_TEST_FIXTURE_SCOPE_END()

// The supervisor with everything it starts, on real threads, files and SQLite.
#define CAF_SUITE supervisor
#include "actors/lifecycle/supervisor.hpp"
#include "actors/detail/workers.hpp"

#include "tests/fixture.hpp"
#include "tests/temp_dir.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

using namespace sluice;
using namespace std::string_literals;

namespace {

struct fixture {
  fixture() {
    detail::use_workers(system_config);
    test::write_file(dir / "id", "x");
    config.data_dir = dir.path();
    config.max_logs = 2;
    config.writer.database.path = dir / "sluice.db";
    config.reader.database.path = dir / "sluice.db";
    config.metrics.kernel = [] { return process_io{}; };
    system = std::make_unique<caf::actor_system>(system_config);
    self = std::make_unique<caf::scoped_actor>(*system);
    aut = start_supervisor(*system, config);
  }

  template <class Answer, class Handle, class... Args>
  caf::expected<Answer> ask(const Handle& who, Args&&... args) {
    caf::expected<Answer> answer{caf::sec::runtime_error};
    (*self)
      ->request(who, caf::infinite, std::forward<Args>(args)...)
      .receive([&](Answer& x) { answer = std::move(x); },
               [&](caf::error& err) { answer = std::move(err); });
    return answer;
  }

  caf::expected<log_receipt> append(const std::string& log, const std::string& line) {
    auto buffer = ask<log_buffer_actor>(aut, atom::open_v, log);
    if (!buffer)
      return std::move(buffer.error());
    return ask<log_receipt>(*buffer, atom::append_v, log_chunk{line, 1, {}});
  }

  /// Log buffers that there are.
  int buffers() {
    auto reports = ask<std::vector<status_report>>(aut, atom::survey_v);
    return reports ? static_cast<int>(
             std::count_if(reports->begin(), reports->end(),
                           [](const auto& x) { return x.name == "log-buffer"; }))
                   : -1;
  }

  int64_t open_files() {
    auto reports = ask<std::vector<status_report>>(aut, atom::survey_v);
    for (const auto& report : *reports)
      for (const auto& x : report.state)
        if (report.name == "log-writer" && x.name == "openFiles")
          return caf::get<int64_t>(x.value);
    return -1;
  }

  std::vector<stop_report> stop() {
    auto reports = ask<std::vector<stop_report>>(aut, atom::stop_v);
    return reports ? *reports : std::vector<stop_report>{};
  }

  test::temp_dir dir;
  supervisor_config config;
  caf::actor_system_config system_config;
  std::unique_ptr<caf::actor_system> system;
  std::unique_ptr<caf::scoped_actor> self;
  supervisor_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(supervisor_tests, fixture)

CAF_TEST(it starts what everybody talks to and stops it with nothing left) {
  auto actors = ask<subsystems>(aut, atom::start_v);
  CAF_REQUIRE(actors);
  CAF_CHECK(actors->database && actors->sessions && actors->metrics);
  auto reports = stop();
  CAF_CHECK(!reports.empty());
  for (const auto& report : reports)
    CAF_CHECK_EQUAL(report.left, 0u);
}

CAF_TEST(a database that cannot be opened ends the start with an error) {
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  config.writer.database.path = dir / "no/such/directory/sluice.db";
  aut = start_supervisor(*system, config);
  CAF_CHECK(!ask<subsystems>(aut, atom::start_v));
  stop();
}

CAF_TEST(a log has one buffer and one log too many is refused) {
  CAF_REQUIRE(ask<subsystems>(aut, atom::start_v));
  auto first = ask<log_buffer_actor>(aut, atom::open_v, "a"s);
  CAF_CHECK(first == ask<log_buffer_actor>(aut, atom::open_v, "a"s));
  for (auto name : {"a"s, "b"s})
    CAF_REQUIRE(append(name, "x\n"));
  auto third = ask<log_buffer_actor>(aut, atom::open_v, "c"s);
  CAF_REQUIRE(!third);
  CAF_CHECK_EQUAL(code_of(third.error()), ec::overloaded);
  CAF_CHECK_NOT_EQUAL(text_of(third.error()).find("log.max-logs"), std::string::npos);
  CAF_MESSAGE("reading a log takes no place");
  std::filesystem::create_directory(dir / "logs");
  test::write_file(dir / "logs/old.log", "line\n");
  CAF_CHECK(ask<log_tail>(aut, atom::tail_v, "old"s, tail_bounds{}));
  stop();
}

CAF_TEST(logs that hold nothing give their places away and lose nothing by it) {
  CAF_REQUIRE(ask<subsystems>(aut, atom::start_v));
  for (int i = 0; i < 20; ++i)
    for (auto name : {"a"s, "b"s, "c"s, "d"s, "e"s}) {
      auto receipt = append(name, "x\n");
      CAF_REQUIRE(receipt);
      CAF_CHECK_EQUAL(receipt->seq, static_cast<uint64_t>(i + 1));
      CAF_REQUIRE(ask<flush_report>(aut, atom::flush_v, name));
    }
  auto all = ask<std::vector<named_log_stats>>(aut, atom::logs_v);
  CAF_REQUIRE(all);
  CAF_REQUIRE_EQUAL(all->size(), 5u);
  for (const auto& [name, stats] : *all) {
    CAF_CHECK_EQUAL(stats.accepted, 20u);
    CAF_CHECK_EQUAL(stats.total_writes, 20u);
    CAF_CHECK_EQUAL(stats.total_bytes_written, 40u);
    auto one = ask<log_stats>(aut, atom::stats_v, name);
    CAF_CHECK(one && *one == stats);
    auto tail = ask<log_tail>(aut, atom::tail_v, name, tail_bounds{2});
    CAF_CHECK(tail && tail->lines == "x\nx\n");
    CAF_CHECK_EQUAL(test::read_file(dir / ("logs/" + name + ".log")).size(), 40u);
  }
  CAF_CHECK_LESS_OR_EQUAL(buffers(), 2);
  CAF_MESSAGE("nobody was started anew for it");
  auto reports = ask<std::vector<status_report>>(aut, atom::survey_v);
  for (const auto& trouble : reports->front().troubles)
    CAF_CHECK_EQUAL(trouble.times, 0u);
  stop();
}

CAF_TEST(who might still append is asked before a buffer ends) {
  CAF_REQUIRE(ask<subsystems>(aut, atom::start_v));
  auto let_go = std::make_shared<std::atomic<int>>(0);
  auto user = system->spawn([let_go](log_user_actor::pointer) {
    return log_user_actor::behavior_type{
      [let_go](atom::forget, const std::vector<std::string>& names) {
        *let_go += static_cast<int>(names.size());
        return true;
      },
    };
  });
  caf::anon_send(aut, atom::attach_v, log_user_actor{user});
  for (auto name : {"a"s, "b"s, "c"s}) {
    CAF_REQUIRE(append(name, "x\n"));
    CAF_REQUIRE(ask<flush_report>(aut, atom::flush_v, name));
  }
  CAF_CHECK_EQUAL(let_go->load(), 1);
  caf::anon_send_exit(user, caf::exit_reason::user_shutdown);
  CAF_MESSAGE("and who is gone need not be");
  CAF_CHECK(append("d", "x\n"));
  stop();
}

CAF_TEST(a log that nobody uses gives its file up after a while) {
  config.log_rest = std::chrono::milliseconds{50};
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  aut = start_supervisor(*system, config);
  CAF_REQUIRE(ask<subsystems>(aut, atom::start_v));
  CAF_REQUIRE(append("a", "x\n"));
  CAF_REQUIRE(ask<flush_report>(aut, atom::flush_v, "a"s));
  for (int i = 0; i < 1000 && buffers() > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  CAF_CHECK_EQUAL(buffers(), 0);
  CAF_CHECK_EQUAL(open_files(), 0);
  stop();
}

CAF_TEST(names that could mean another place are refused) {
  CAF_REQUIRE(ask<subsystems>(aut, atom::start_v));
  for (const auto& name :
       {""s, ".."s, "a/b"s, ".hidden"s, std::string(65, 'a'), "a\0b"s}) {
    auto buffer = ask<log_buffer_actor>(aut, atom::open_v, name);
    CAF_REQUIRE(!buffer);
    CAF_CHECK_EQUAL(code_of(buffer.error()), ec::invalid_argument);
  }
  CAF_CHECK(ask<log_buffer_actor>(aut, atom::open_v, std::string(64, 'a')));
  stop();
}

CAF_TEST(a log of an earlier run is found and an unknown one is refused) {
  std::filesystem::create_directory(dir / "logs");
  test::write_file(dir / "logs/old.log", "line\n");
  CAF_REQUIRE(ask<subsystems>(aut, atom::start_v));
  CAF_CHECK(ask<log_stats>(aut, atom::stats_v, "old"s));
  auto tail = ask<log_tail>(aut, atom::tail_v, "old"s, tail_bounds{9});
  CAF_REQUIRE(tail);
  CAF_CHECK_EQUAL(tail->lines, "line\n");
  auto none = ask<log_stats>(aut, atom::stats_v, "none"s);
  CAF_REQUIRE(!none);
  CAF_CHECK_EQUAL(code_of(none.error()), ec::not_found);
  stop();
}

CAF_TEST(what a log holds at the stop is in its file) {
  CAF_REQUIRE(ask<subsystems>(aut, atom::start_v));
  auto log = ask<log_buffer_actor>(aut, atom::open_v, "app"s);
  CAF_REQUIRE(ask<log_receipt>(*log, atom::append_v, log_chunk{"a\nb\n", 2, {}}));
  auto reports = stop();
  auto mine = std::find_if(reports.begin(), reports.end(),
                           [](const auto& x) { return x.key == "app"; });
  CAF_REQUIRE(mine != reports.end());
  CAF_CHECK_EQUAL(mine->drained, 2u);
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\nb\n");
}

CAF_TEST(a survey hears from every actor once) {
  CAF_REQUIRE(ask<subsystems>(aut, atom::start_v));
  ask<log_buffer_actor>(aut, atom::open_v, "app"s);
  auto reports = ask<std::vector<status_report>>(aut, atom::survey_v);
  CAF_REQUIRE(reports);
  std::vector<std::string> names;
  std::set<uint64_t> ids;
  for (const auto& report : *reports) {
    names.push_back(report.name);
    CAF_CHECK(ids.insert(report.id).second);
    CAF_CHECK(report.alerts.empty());
  }
  for (auto name : {"log-buffer", "log-writer", "session-debouncer", "session-journal",
                    "database", "sqlite-writer", "sqlite-reader", "checkpoint-scheduler",
                    "metrics-aggregator", "disk-watch", "alert-keeper"})
    CAF_CHECK(std::find(names.begin(), names.end(), name) != names.end());
  stop();
}

CAF_TEST(a guest is heard in surveys until it ends) {
  CAF_REQUIRE(ask<subsystems>(aut, atom::start_v));
  auto mine = [this] {
    auto reports = ask<std::vector<status_report>>(aut, atom::survey_v);
    CAF_REQUIRE(reports);
    return std::count_if(reports->begin(), reports->end(),
                         [](const auto& x) { return x.name == "door"; });
  };
  auto guest = system->spawn([](guest_actor::pointer) -> guest_actor::behavior_type {
    return {[](atom::status) {
      status_report report;
      report.name = "door";
      return report;
    }};
  });
  (*self)->send(aut, atom::attach_v, "door"s, guest);
  CAF_CHECK_EQUAL(mine(), 1);
  (*self)->monitor(guest);
  caf::anon_send_exit(guest, caf::exit_reason::user_shutdown);
  (*self)->receive([](const caf::down_msg&) {});
  // Those who watch are told one after another, and the supervisor may be the last.
  for (int i = 0; i < 1000 && mine() > 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  CAF_CHECK_EQUAL(mine(), 0);
  stop();
}

CAF_TEST_FIXTURE_SCOPE_END()

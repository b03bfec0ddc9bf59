// Whoever comes after one that died: he comes when that one is gone, and those who wait
// for him hear of him.
#define CAF_SUITE supervisor_successors
#include "actors/storage/sqlite_connection.hpp"
#include "tests/disk_calls.hpp"
#include "tests/supervisor_fixture.hpp"

#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <new>
#include <thread>
#include <utility>

using namespace sluice;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

struct fixture : test::supervisor_fixture {
  fixture() {
    config.stop_deadline = 200ms;
    start();
  }

  ~fixture() {
    disk.let_go();
    stop();
  }

  /// Waits until something holds; false if it does not soon.
  template <class Holds>
  static bool await(Holds holds, std::chrono::milliseconds patience = 10s) {
    for (auto left = patience; left > 0ms; left -= 10ms) {
      if (holds())
        return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }

  std::vector<uint64_t> ids(const std::string& name) {
    std::vector<uint64_t> result;
    auto all = ask<std::vector<actor_entry>>(actors.directory, atom::actors_v);
    for (const auto& each : *all)
      if (each.name == name)
        result.push_back(each.id);
    return result;
  }

  /// Has this one end and start anew; whether another one has come.
  bool renew(const std::string& name) {
    const auto before = ids(name);
    return ask<std::string>(aut, atom::restart_v, name) && await([&] {
             const auto now = ids(name);
             return now.size() == before.size() && now != before;
           });
  }

  bool flushes(const log_buffer_actor& who) {
    return static_cast<bool>(ask<flush_report>(who, atom::flush_v));
  }

  test::disk_calls disk{dir.path()};
};

/// Whoever tells it something lacks the memory for that at first.
class hard_to_tell : public caf::event_based_actor {
public:
  hard_to_tell(caf::actor_config& config, std::shared_ptr<std::atomic<int>> told)
      : caf::event_based_actor(config), told_(std::move(told)) {}

  using caf::event_based_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* where) override {
    if (++*told_ == 1)
      throw std::bad_alloc{};
    caf::event_based_actor::enqueue(std::move(what), where);
  }

  caf::behavior make_behavior() override {
    return {[](atom::attach, const subsystems&) {}};
  }

private:
  std::shared_ptr<std::atomic<int>> told_;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(supervisor_successors_tests, fixture)

CAF_TEST(a log goes on with the next log writer) {
  auto log = ask<log_buffer_actor>(aut, atom::open_v, "app"s);
  CAF_REQUIRE(log);
  CAF_CHECK(ask<log_receipt>(*log, atom::append_v, log_chunk{"a\n", 1, {}}));
  CAF_CHECK(flushes(*log));
  CAF_REQUIRE(renew("log-writer"));
  CAF_CHECK(ask<log_receipt>(*log, atom::append_v, log_chunk{"b\n", 1, {}}));
  const auto written = await([&] { return flushes(*log); });
  CAF_CHECK(written);
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\nb\n");
  const auto level = ask<durability>(*log, atom::persist_v, uint64_t{2});
  CAF_REQUIRE(level);
  CAF_CHECK_EQUAL(*level, durability::disk);
}

CAF_TEST(nobody takes the place of one who is still at the disk) {
  CAF_REQUIRE(ask<sql_receipt>(actors.database, atom::execute_v,
                               sql_write{{{"CREATE TABLE t(x)", {}}}, {}},
                               durability::memory));
  const auto before = ids("sqlite-writer");
  CAF_REQUIRE_EQUAL(before.size(), 1u);
  disk.hold_syncs("sluice.db-wal");
  caf::anon_send(actors.database, atom::execute_v,
                 sql_write{{{"INSERT INTO t VALUES(1)", {}}}, {}}, durability::disk);
  CAF_REQUIRE(disk.await_held());
  caf::anon_send_exit(actors.database, caf::exit_reason::kill);
  CAF_MESSAGE("the time for its end passes, and all others end");
  const auto two = await([&] { return ids("sqlite-writer").size() > 1; }, 2s);
  CAF_CHECK(!two);
  disk.let_go();
  const auto succeeded = await([&] {
    const auto now = ids("sqlite-writer");
    return now.size() == 1 && now != before;
  });
  CAF_CHECK(succeeded);
}

CAF_TEST(a stop waits for one whose restart was asked for and who is at the disk) {
  stop();
  config.stop_deadline = 10s;
  start();
  CAF_REQUIRE(ask<sql_receipt>(actors.database, atom::execute_v,
                               sql_write{{{"CREATE TABLE t(x)", {}}}, {}},
                               durability::memory));
  disk.hold_syncs("sluice.db-wal");
  caf::anon_send(actors.database, atom::execute_v,
                 sql_write{{{"INSERT INTO t VALUES(1)", {}}}, {}}, durability::disk);
  CAF_REQUIRE(disk.await_held());
  CAF_REQUIRE(ask<std::string>(aut, atom::restart_v, "sqlite-writer"s));
  const auto is_told = await([&] {
    const auto answer = ask<bool>(aut, atom::confirm_v, "none"s);
    return !answer && code_of(answer.error()) == ec::stopping;
  });
  CAF_REQUIRE(is_told);
  auto end = std::thread{[this] {
    std::this_thread::sleep_for(200ms);
    disk.let_go();
  }};
  const auto reports = ask<std::vector<stop_report>>(aut, atom::stop_v);
  end.join();
  CAF_REQUIRE(reports);
  for (const auto& each : *reports)
    CAF_CHECK_EQUAL(each.left, 0u);
}

CAF_TEST(lines that died with their buffer are not told as on disk) {
  stop();
  config.spool = nullptr;
  start();
  auto log = ask<log_buffer_actor>(aut, atom::open_v, "app"s);
  CAF_REQUIRE(log);
  auto receipt = ask<log_receipt>(*log, atom::append_v, log_chunk{"a\n", 1, {}});
  CAF_REQUIRE(receipt);
  CAF_CHECK_EQUAL(receipt->level, durability::memory);
  CAF_REQUIRE(renew("log-buffer"));
  const auto level = ask<durability>(aut, atom::persist_v, "app"s, receipt->seq);
  const auto text = test::read_file(dir / "logs/app.log");
  CAF_MESSAGE("file: " << text << " told as on disk: " << static_cast<bool>(level));
  CAF_CHECK(!level || text == "a\n");
}

CAF_TEST(whoever could not be told of those who came anew is told later) {
  auto told = std::make_shared<std::atomic<int>>(0);
  const auto listener = system->spawn<hard_to_tell>(told);
  caf::anon_send(aut, atom::attach_v,
                 caf::actor_cast<subsystems_listener_actor>(listener));
  caf::anon_send(aut, atom::restart_v, "session-debouncer"s);
  const auto is_told = await([&] { return *told > 1; });
  CAF_CHECK(is_told);
}

CAF_TEST(nobody waits for who only reads) {
  const auto readers = ids("sqlite-reader");
  const auto endless = sql_statement{"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
                                     "i + 1 FROM n) SELECT max(i) FROM n",
                                     {}};
  caf::anon_send(actors.database, atom::query_v, endless, sql_origin::user);
  CAF_REQUIRE(renew("session-debouncer"));
  const auto now = ids("sqlite-reader");
  const auto left = std::ranges::count_if(
    readers, [&](uint64_t id) { return std::ranges::count(now, id) > 0; });
  CAF_CHECK_EQUAL(left, 1);
}

CAF_TEST(a start anew that finds the database locked is tried again) {
  stop();
  const auto ruined = std::make_shared<std::atomic<bool>>(false);
  config.on_ruin = [ruined](const std::string&) { *ruined = true; };
  for (auto* each : {&config.writer.database, &config.reader.database}) {
    each->wal = false;
    each->busy_timeout = 10ms;
  }
  start();
  sqlite::vfs files;
  sqlite::connection other{files};
  CAF_REQUIRE(!other.open(config.writer.database.path, sqlite::access::read_write));
  CAF_REQUIRE(!other.run("BEGIN EXCLUSIVE"));
  const auto before = ids("database");
  CAF_REQUIRE(ask<std::string>(aut, atom::restart_v, "database"s));
  const auto is_told = [this] {
    auto reports = ask<std::vector<status_report>>(aut, atom::survey_v);
    return reports && std::ranges::any_of(*reports, [](const status_report& x) {
             return std::ranges::count(x.alerts, "actor-not-started", &alert::id) > 0;
           });
  };
  CAF_REQUIRE(await([&] { return *ruined || is_told(); }));
  other.close();
  const auto succeeded = !*ruined && await([&] {
    const auto now = ids("database");
    return now.size() == 1 && now != before;
  });
  CAF_CHECK(succeeded);
}

CAF_TEST_FIXTURE_SCOPE_END()

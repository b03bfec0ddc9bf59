// After a death: who died is there again with its data, is listed with what it died of,
// and who dies too often ends the service.
#define CAF_SUITE supervisor_restarts
#include "tests/supervisor_fixture.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>

using namespace sluice;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

/// What a listener has heard last.
struct hearsay {
  std::mutex mutex;
  std::condition_variable news;
  std::vector<subsystems> heard;

  /// What was heard after the first `known`; empty if nothing comes.
  std::vector<subsystems> after(size_t known) {
    std::unique_lock lock{mutex};
    news.wait_for(lock, 10s, [&] { return heard.size() > known; });
    return heard;
  }
};

subsystems_listener_actor::behavior_type listener(subsystems_listener_actor::pointer,
                                                  const std::shared_ptr<hearsay>& into) {
  return {[into](atom::attach, const subsystems& now) {
    std::lock_guard lock{into->mutex};
    into->heard.push_back(now);
    into->news.notify_all();
  }};
}

struct fixture : test::supervisor_fixture {
  fixture() {
    config.on_ruin = [this](const std::string& who) {
      std::lock_guard lock{hears->mutex};
      ruined_by = who;
      hears->news.notify_all();
    };
    start();
    listening = system->spawn(listener, hears);
    caf::anon_send(aut, atom::attach_v, listening);
  }

  ~fixture() {
    caf::anon_send_exit(listening, caf::exit_reason::kill);
    listening = nullptr;
    hears->heard.clear();
    stop();
  }

  /// Kills one of the subsystems, and goes on with those that come after.
  template <class Handle>
  void kill(const Handle& who) {
    const auto known = hears->heard.size();
    caf::anon_send_exit(who, caf::exit_reason::kill);
    auto heard = hears->after(known);
    if (heard.size() <= known)
      CAF_FAIL("nothing was started anew");
    actors = heard.back();
  }

  actor_entry listed(const std::string& name) {
    auto all = ask<std::vector<actor_entry>>(actors.directory, atom::actors_v);
    auto found = std::find_if(all->begin(), all->end(),
                              [&](const auto& x) { return x.name == name; });
    if (found == all->end())
      CAF_FAIL("not listed: " << name);
    return *found;
  }

  bool put(const std::string& key) {
    auto receipt = ask<session_receipt>(actors.sessions, atom::put_v,
                                        session_update{"s", key, "{\"n\":1}", {}});
    return receipt && receipt->level == durability::ram;
  }

  bool queue(const std::string& sql) {
    queue_request what{{{{sql, {}}}, {}}, {}};
    auto receipt = ask<queue_receipt>(actors.queue, atom::append_v, std::move(what));
    return receipt && receipt->level == durability::ram;
  }

  bool execute(const std::string& sql) {
    return static_cast<bool>(ask<sql_receipt>(
      actors.database, atom::execute_v, sql_write{{{sql, {}}}, {}}, durability::memory));
  }

  /// Rows of table t.
  int64_t rows() {
    auto result =
      ask<sql_result>(actors.database, atom::query_v,
                      sql_statement{"SELECT count(*) FROM t", {}}, sql_origin::user);
    return result ? caf::get<int64_t>(result->rows[0][0]) : -1;
  }

  std::shared_ptr<hearsay> hears = std::make_shared<hearsay>();
  std::string ruined_by;
  subsystems_listener_actor listening;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(supervisor_restarts_tests, fixture)

CAF_TEST(sessions that were acknowledged are there after their debouncer died) {
  CAF_CHECK(put("a"));
  kill(actors.sessions);
  auto document = ask<std::string>(actors.sessions, atom::get_v, "s"s, "a"s, credit{});
  CAF_REQUIRE(document);
  CAF_CHECK_EQUAL(*document, "{\"n\":1}");
  CAF_CHECK(put("b"));
}

CAF_TEST(queued writes are applied once after their queue died) {
  CAF_REQUIRE(execute("CREATE TABLE t(x)"));
  for (int i = 0; i < 3; ++i)
    CAF_CHECK(queue("INSERT INTO t VALUES(1)"));
  kill(actors.queue);
  CAF_CHECK(ask<flush_report>(actors.queue, atom::flush_v));
  CAF_CHECK_EQUAL(rows(), 3);
}

CAF_TEST(the database goes on after its front died) {
  CAF_REQUIRE(execute("CREATE TABLE t(x)"));
  CAF_CHECK(queue("INSERT INTO t VALUES(1)"));
  CAF_CHECK(put("a"));
  kill(actors.database);
  CAF_CHECK(execute("INSERT INTO t VALUES(2)"));
  CAF_CHECK_EQUAL(rows(), 2);
  CAF_CHECK(ask<std::string>(actors.sessions, atom::get_v, "s"s, "a"s, credit{}));
}

CAF_TEST(topics go on under another epoch after the hub died) {
  const auto publish = [this] {
    return ask<publish_receipt>(actors.topics, atom::publish_v,
                                publication{"t", "1", false, {}});
  };
  const auto epoch = [this] {
    auto told = ask<topic_hub_stats>(actors.topics, atom::stats_v);
    return told ? told->epoch : "none";
  };
  CAF_REQUIRE(publish());
  const auto before = epoch();
  const auto sessions = actors.sessions;
  kill(actors.topics);
  const auto receipt = publish();
  CAF_REQUIRE(receipt);
  const auto after = epoch();
  CAF_CHECK_EQUAL(receipt->seq, 1u);
  CAF_CHECK_EQUAL(after.size(), before.size());
  CAF_CHECK_NOT_EQUAL(after, before);
  CAF_MESSAGE("AND nobody else was disturbed");
  CAF_CHECK(actors.sessions == sessions);
}

CAF_TEST(logs go on after the metrics died) {
  auto buffer = ask<log_buffer_actor>(aut, atom::open_v, "app"s);
  CAF_REQUIRE(buffer);
  CAF_CHECK(ask<log_receipt>(*buffer, atom::append_v, log_chunk{"a\n", 1, {}}));
  kill(actors.metrics);
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\n");
  buffer = ask<log_buffer_actor>(aut, atom::open_v, "app"s);
  CAF_REQUIRE(buffer);
  CAF_CHECK(ask<log_receipt>(*buffer, atom::append_v, log_chunk{"b\n", 1, {}}));
  CAF_CHECK(ask<flush_report>(*buffer, atom::flush_v));
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\nb\n");
  CAF_CHECK(ask<metrics_totals>(actors.metrics, atom::totals_v));
}

CAF_TEST(what was counted for a log outlives its buffer) {
  auto buffer = ask<log_buffer_actor>(aut, atom::open_v, "app"s);
  CAF_REQUIRE(buffer);
  CAF_CHECK(ask<log_receipt>(*buffer, atom::append_v, log_chunk{"a\nb\n", 2, {}}));
  CAF_CHECK(ask<flush_report>(*buffer, atom::flush_v));
  CAF_CHECK(ask<log_receipt>(*buffer, atom::append_v, log_chunk{"c\n", 1, {}}));
  caf::anon_send_exit(*buffer, caf::exit_reason::kill);
  auto next = buffer;
  while (next && *next == *buffer)
    next = ask<log_buffer_actor>(aut, atom::open_v, "app"s);
  CAF_REQUIRE(next);
  CAF_CHECK(ask<flush_report>(*next, atom::flush_v));
  const auto told = ask<log_stats>(aut, atom::stats_v, "app"s);
  CAF_REQUIRE(told);
  CAF_CHECK_EQUAL(told->accepted, 3u);
  CAF_CHECK_EQUAL(told->total_writes, 2u);
  CAF_CHECK_EQUAL(told->total_bytes_written, 6u);
  const auto receipt = ask<log_receipt>(*next, atom::append_v, log_chunk{"d\n", 1, {}});
  CAF_REQUIRE(receipt);
  CAF_CHECK_EQUAL(receipt->seq, 4u);
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\nb\nc\n");
}

CAF_TEST(what was counted for the database outlives its actors) {
  CAF_REQUIRE(execute("CREATE TABLE t(x)"));
  CAF_CHECK(queue("INSERT INTO nowhere VALUES(1)"));
  CAF_CHECK(ask<flush_report>(actors.queue, atom::flush_v));
  rows();
  const auto numbers = [this] {
    auto told = ask<database_stats>(actors.database, atom::stats_v);
    return told ? *told : database_stats{};
  };
  const auto letters = [this] {
    auto told = ask<sql_queue_stats>(actors.queue, atom::stats_v);
    return told ? told->dead_letters : 0;
  };
  const auto before = numbers();
  CAF_CHECK_EQUAL(letters(), 1u);
  kill(actors.database);
  const auto after = numbers();
  CAF_CHECK_GREATER_OR_EQUAL(after.queries, before.queries);
  CAF_CHECK_GREATER_OR_EQUAL(after.transactions, before.transactions);
  CAF_CHECK_GREATER_OR_EQUAL(after.writer.commits, before.writer.commits);
  CAF_CHECK_GREATER_OR_EQUAL(after.writer.checkpoints, before.writer.checkpoints);
  CAF_CHECK_EQUAL(letters(), 1u);
  CAF_MESSAGE("AND each goes on from there");
  CAF_REQUIRE(execute("INSERT INTO t VALUES(1)"));
  CAF_CHECK_EQUAL(numbers().transactions, after.transactions + 1);
}

CAF_TEST(what the metrics have counted outlives them) {
  CAF_CHECK(put("a"));
  CAF_CHECK(execute("CREATE TABLE t(x)"));
  const auto before = ask<metrics_totals>(actors.metrics, atom::totals_v);
  const auto accounts = ask<ledger_report>(actors.metrics, atom::ledger_v);
  CAF_REQUIRE(before);
  CAF_REQUIRE(accounts);
  kill(actors.metrics);
  const auto after = ask<metrics_totals>(actors.metrics, atom::totals_v);
  CAF_REQUIRE(after);
  CAF_CHECK_GREATER_OR_EQUAL(after->total.commits, before->total.commits);
  CAF_CHECK_GREATER_OR_EQUAL(after->total.transactions, before->total.transactions);
  const auto then = ask<ledger_report>(actors.metrics, atom::ledger_v);
  CAF_REQUIRE(then);
  CAF_CHECK_GREATER_OR_EQUAL(then->entries.size(), accounts->entries.size());
}

CAF_TEST(who was started anew is listed with how often and why) {
  CAF_CHECK_EQUAL(listed("session-debouncer").restarts, 0u);
  kill(actors.sessions);
  kill(actors.sessions);
  const auto entry = listed("session-debouncer");
  CAF_CHECK_EQUAL(entry.restarts, 2u);
  CAF_CHECK(!entry.last_error.empty());
  CAF_CHECK_EQUAL(listed("topic-hub").restarts, 0u);
}

CAF_TEST(who dies too often is told by name) {
  kill(actors.topics);
  kill(actors.topics);
  caf::anon_send_exit(actors.topics, caf::exit_reason::kill);
  std::unique_lock lock{hears->mutex};
  hears->news.wait_for(lock, 10s, [this] { return !ruined_by.empty(); });
  CAF_CHECK(ruined_by.starts_with("topic-hub died too often"));
}

CAF_TEST(the death of the supervisor is the end of all) {
  caf::anon_send_exit(aut, caf::exit_reason::kill);
  std::unique_lock lock{hears->mutex};
  hears->news.wait_for(lock, 10s, [this] { return !ruined_by.empty(); });
  CAF_CHECK(ruined_by.starts_with("supervisor has died"));
}

CAF_TEST(the death of the directory is the end of all) {
  caf::anon_send_exit(actors.directory, caf::exit_reason::kill);
  std::unique_lock lock{hears->mutex};
  hears->news.wait_for(lock, 10s, [this] { return !ruined_by.empty(); });
  CAF_CHECK(ruined_by.starts_with("directory has died"));
}

CAF_TEST(the supervisor says at once that it lives) {
  CAF_CHECK_EQUAL(ask<bool>(aut, atom::check_v), true);
}

CAF_TEST_FIXTURE_SCOPE_END()

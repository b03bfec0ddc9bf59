#define CAF_SUITE session_database

#include "actors/database/checkpoint_scheduler.hpp"
#include "actors/database/database.hpp"
#include "actors/database/sqlite_reader.hpp"
#include "actors/database/sqlite_writer.hpp"
#include "actors/session/session_debouncer.hpp"
#include "actors/session/session_rows.hpp"

#include "tests/fixture.hpp"
#include "tests/temp_dir.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

using documents = std::vector<session_document>;

/// The actors of a service from the debouncer to the file, on the test's clock.
struct database_fixture : fixture {
  database_fixture() {
    config.clock_synchronised = [] { return true; };
    start();
  }

  void start() {
    sqlite::settings settings;
    settings.path = files / "sluice.db";
    sqlite_writer_config writer_config;
    writer_config.database = settings;
    writer = tracked(sys.spawn(sqlite_writer, writer_config, metrics_aggregator_actor{}));
    CAF_REQUIRE(ask<sqlite_opened>(writer, atom::open_v));
    sqlite_reader_config reader_config;
    reader_config.database = settings;
    auto reader = tracked(sys.spawn(sqlite_reader, reader_config));
    auto scheduler =
      tracked(sys.spawn(checkpoint_scheduler, checkpoint_scheduler_config{}, writer));
    base = tracked(sys.spawn(database, database_config{},
                             database_handles{writer, {reader}, scheduler}));
    rows = tracked(sys.spawn(session_rows, base));
    debouncer =
      tracked(sys.spawn(session_debouncer, config, rows, metrics_aggregator_actor{}));
    settle();
  }

  void stop() {
    CAF_REQUIRE(ask<stop_report>(debouncer, atom::stop_v));
    CAF_REQUIRE(ask<stop_report>(rows, atom::stop_v));
    CAF_REQUIRE(ask<stop_report>(base, atom::stop_v));
  }

  uint64_t put(const std::string& key, const std::string& document) {
    auto receipt = ask<session_receipt>(debouncer, atom::put_v,
                                        session_update{"s", key, document, {}});
    return receipt ? receipt->seq : 0;
  }

  uint64_t flush() {
    auto report = ask<flush_report>(debouncer, atom::flush_v);
    return report ? report->flushed : 0;
  }

  session_stats stats() {
    auto found = ask<session_stats>(debouncer, atom::stats_v);
    return found ? *found : session_stats{};
  }

  documents whole(const session_store_actor& who) {
    auto found = ask<documents>(who, atom::load_all_v, std::string{"s"});
    if (!found)
      CAF_FAIL(sys.render(found.error()));
    return *found;
  }

  session_pruned prune(int64_t older_than_ms, uint64_t max_entries, bool enforce) {
    auto found = ask<session_pruned>(
      rows, atom::prune_v, session_prune{"s", older_than_ms, max_entries, enforce});
    return found ? *found : session_pruned{};
  }

  temp_dir files;
  session_debouncer_config config;
  sqlite_writer_actor writer;
  database_actor base;
  session_rows_actor rows;
  session_debouncer_actor debouncer;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_database_tests, database_fixture)

CAF_TEST(sessions are in the database after a restart with their sizes) {
  put("b", R"({"n": 1.0})");
  put("a", "{\"é\":\"\\u0000\"}");
  CAF_CHECK_EQUAL(flush(), 2u);
  auto before = stats().stores;
  stop();
  start();
  CAF_CHECK(whole(rows)
            == (documents{{"a", "{\"é\":\"\\u0000\"}"}, {"b", R"({"n": 1.0})"}}));
  CAF_CHECK(stats().stores == before);
  CAF_CHECK(before == (std::vector<session_store_info>{{"s", 2, 27}}));
}

CAF_TEST(an equal document is no write and the sizes follow every change) {
  put("a", R"({"n":1})");
  put("b", "{}");
  flush();
  put("a", R"({"n":1})");
  put("b", R"({"n":22})");
  flush();
  CAF_CHECK_EQUAL(stats().total_writes, 3u);
  CAF_CHECK_EQUAL(stats().total_coalesced, 1u);
  ask<session_receipt>(debouncer, atom::erase_v, std::string{"s"}, std::string{"a"},
                       durability::memory);
  flush();
  CAF_CHECK(stats().stores == (std::vector<session_store_info>{{"s", 1, 9}}));
  CAF_CHECK(whole(rows) == (documents{{"b", R"({"n":22})"}}));
  CAF_CHECK_EQUAL(stats().total_writes, 4u);
}

CAF_TEST(a replacement leaves exactly what it brings) {
  put("a", "{}");
  put("b", R"({"n":1})");
  flush();
  session_replacement x{"s", {{"b", R"({"n":1})"}, {"c", "{}"}}, {}};
  CAF_CHECK(ask<session_receipt>(debouncer, atom::replace_v, x));
  flush();
  CAF_CHECK(whole(rows) == x.documents);
  CAF_CHECK_EQUAL(stats().total_writes, 4u);
  CAF_CHECK_EQUAL(stats().total_coalesced, 1u);
}

CAF_TEST(disk is reached for what was committed before) {
  auto seq = put("a", "{}");
  flush();
  auto level =
    ask<durability>(debouncer, atom::persist_v, std::string{"s"}, seq, durability::disk);
  CAF_CHECK(level == durability::disk);
}

CAF_TEST(commits that a failing disk took back are written again) {
  temp_dir ram;
  auto opened = spool::open({ram / "spool", spool_bytes_min, "an id", files.path()});
  CAF_REQUIRE(opened.engaged());
  stop();
  config.spool = *opened;
  start();
  self->send(writer, atom::attach_v, session_listener_actor{rows});
  self->send(writer, atom::attach_v, session_listener_actor{debouncer});
  put("a", "{}");
  flush();
  put("b", "{}");
  flush();
  CAF_MESSAGE("GIVEN a database that comes back with the first commit alone");
  sql_write back{{{"DELETE FROM sluice_sessions WHERE key = 'b'", {}},
                  {"UPDATE sluice_session_marks SET seq = 1", {}}},
                 {},
                 sql_origin::sluice};
  CAF_REQUIRE(ask<sql_receipt>(base, atom::execute_v, back, durability::disk).engaged());
  CAF_CHECK_EQUAL(whole(rows).size(), 1u);
  CAF_REQUIRE(get<maintenance_report>(writer, atom::recover_v).ok);
  settle();
  CAF_CHECK_EQUAL(whole(rows).size(), 2u);
  auto state = config.spool->state(config.spool->lane(lane_kind::session, "s"));
  CAF_CHECK_EQUAL(state.released, 2u);
  const auto entries = stats().stores.at(0).entries;
  CAF_CHECK_EQUAL(entries, 2u);
  stop();
  config.spool.reset();
}

CAF_TEST(a store larger than one result is read in full) {
  std::string body(3'000'000, 'x');
  for (auto key : {"a", "b", "c", "d"})
    put(key, R"({"x":")" + body + "\"}");
  flush();
  auto all = whole(rows);
  CAF_REQUIRE_EQUAL(all.size(), 4u);
  CAF_CHECK_EQUAL(all[3].key, "d");
  CAF_CHECK_EQUAL(all[3].document.size(), body.size() + 8);
}

CAF_TEST(a store read in pieces has its empty key and each key its own time) {
  std::string body(3'000'000, 'x');
  session_changes all{"s", {}, {}};
  int64_t time_ms = 1000;
  for (auto key : {"", "a", "b"})
    all.changes.push_back({key, false, R"({"x":")" + body + "\"}", ++time_ms, 0});
  CAF_REQUIRE(ask<session_applied>(rows, atom::apply_v, all, durability::ram).engaged());
  CAF_CHECK_EQUAL(whole(rows).size(), 3u);
  auto left = get<session_changes>(rows, atom::dump_v, std::string{"s"}).changes;
  CAF_REQUIRE_EQUAL(left.size(), 3u);
  CAF_CHECK_EQUAL(left[0].key, "");
  CAF_CHECK_EQUAL(left[2].key, "b");
  CAF_CHECK_EQUAL(left[2].updated_at_ms, 1003);
}

CAF_TEST(the oldest and the excess are named and then removed) {
  for (int i = 1; i <= 4; ++i)
    put("k" + std::to_string(i), "{\"updatedAt\":" + std::to_string(i * 1000) + "}");
  flush();
  std::vector<std::string> two{"k1", "k2"};
  CAF_CHECK(prune(3000, 500, false).keys == two);
  CAF_CHECK(prune(0, 2, false).keys == two);
  CAF_CHECK(prune(2000, 2, false).keys == two);
  CAF_CHECK(prune(0, 4, true).keys.empty());
  auto removed = prune(2000, 2, true);
  CAF_CHECK(removed.keys == two);
  CAF_CHECK_EQUAL(removed.now, (session_store_info{"s", 2, 40}));
  CAF_CHECK_EQUAL(whole(rows).size(), 2u);
}

CAF_TEST(a doubtful time makes no row old and the first right moment counts instead) {
  constexpr int64_t right_ms = 1'800'000'000'000;
  session_changes early{"s", {}, {}};
  for (auto key : {"a", "b", "c"})
    early.changes.push_back({key, false, "{}", doubtful_ms(1000 + key[0]), 0});
  early.changes.push_back({"d", false, "{}", 5, 0});
  CAF_REQUIRE(
    ask<session_applied>(rows, atom::apply_v, early, durability::ram).engaged());
  CAF_CHECK((prune(3000, 500, false).keys == std::vector<std::string>{"d"}));
  CAF_CHECK((prune(0, 2, false).keys == std::vector<std::string>{"d", "a"}));
  session_prune request{"s", right_ms - 1000, 500, true};
  request.right_now_ms = right_ms;
  auto removed = get<session_pruned>(rows, atom::prune_v, request);
  CAF_CHECK((removed.keys == std::vector<std::string>{"d"}));
  auto left = get<session_changes>(rows, atom::dump_v, std::string{"s"}).changes;
  CAF_REQUIRE_EQUAL(left.size(), 3u);
  CAF_CHECK_EQUAL(left[0].updated_at_ms, right_ms - 2);
  CAF_CHECK_EQUAL(left[2].updated_at_ms, right_ms);
  CAF_MESSAGE("AND more than may be removed are left");
  request = {"s", 0, 1, true};
  request.removes_max = 1;
  auto held = get<session_pruned>(rows, atom::prune_v, request);
  CAF_CHECK(held.held);
  CAF_CHECK_EQUAL(held.keys.size(), 2u);
  CAF_CHECK_EQUAL(held.now.entries, 3u);
  CAF_CHECK_EQUAL(whole(rows).size(), 3u);
}

CAF_TEST(a row that holds no document is not an empty one) {
  put("a", "{}");
  flush();
  sql_write change{
    {{"UPDATE sluice_sessions SET document = x'00'", {}}}, {}, sql_origin::sluice};
  CAF_REQUIRE(ask<sql_receipt>(base, atom::execute_v, change, durability::ram).engaged());
  auto found =
    ask<session_lookup>(rows, atom::load_v, std::string{"s"}, std::string{"a"});
  CAF_CHECK(code_of(found.error()) == ec::unavailable);
  CAF_CHECK(
    !ask<std::vector<session_document>>(rows, atom::load_all_v, std::string{"s"}));
}

CAF_TEST_FIXTURE_SCOPE_END()

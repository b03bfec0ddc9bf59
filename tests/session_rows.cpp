#define CAF_SUITE session_rows

#include "actors/session/session_rows.hpp"

#include <caf/event_based_actor.hpp>

#include "tests/fixture.hpp"

#include <deque>
#include <memory>

using namespace sluice;
using namespace sluice::test;

namespace {

/// What the mock database was asked, and will answer, one after the other.
struct database_script {
  std::vector<sql_statement> queries;
  std::vector<sql_write> writes;
  std::vector<durability> levels;
  std::deque<caf::expected<sql_result>> query_answers;
  std::deque<caf::expected<sql_receipt>> write_answers;
  std::vector<sql_origin> origins;
};

struct mock_database_state {
  static inline const char* name = "mock-database";
  mock_database_state() = default;
};

using script_ptr = std::shared_ptr<database_script>;

template <class Answer>
caf::result<Answer> next(std::deque<caf::expected<Answer>>& answers) {
  if (answers.empty()) {
    CAF_FAIL("an answer nobody scripted");
    return ec::unavailable;
  }
  auto answer = std::move(answers.front());
  answers.pop_front();
  if (!answer)
    return std::move(answer.error());
  return std::move(*answer);
}

database_actor::behavior_type
mock_database(database_actor::stateful_pointer<mock_database_state>,
              const script_ptr& script) {
  return {
    [=](atom::query, const sql_statement& x, sql_origin origin) {
      script->queries.push_back(x);
      script->origins.push_back(origin);
      return next(script->query_answers);
    },
    [=](atom::execute, const sql_write& x, durability level) {
      script->writes.push_back(x);
      script->levels.push_back(level);
      script->origins.push_back(x.origin);
      return next(script->write_answers);
    },
    [](atom::apply, const sql_batch&) {
      CAF_FAIL("unexpected batch");
      return sql_batch_outcome{};
    },
    [](atom::checkpoint, checkpoint_mode) { return checkpoint_report{}; },
    [](atom::checkpoint, checkpoint_mode, caf::timespan) { return checkpoint_report{}; },
    [](atom::tick, uint64_t) {},
    [](atom::maintain, maintenance_kind) { return maintenance_report{}; },
    [](atom::stats) { return database_stats{}; },
    [](atom::sync, bool) {},
    [](atom::replace, const std::string&) {},
    [](atom::check, uint64_t) {},
    [](atom::recover, const std::string&) { CAF_FAIL("unexpected recover"); },
    [](atom::recover, uint64_t) { CAF_FAIL("unexpected recover"); },
    [](atom::collect) { return metrics_report{}; },
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
  };
}

sql_value number(int64_t x) {
  return x;
}

sql_value text(const char* x) {
  return std::string{x};
}

sql_result rows(std::vector<sql_row> x) {
  return {{}, std::move(x), 0, 0};
}

sql_result changed(int64_t x) {
  return {{}, {}, x, 0};
}

struct rows_fixture : fixture {
  rows_fixture() {
    auto database = tracked(sys.spawn(mock_database, script));
    aut = tracked(sys.spawn(session_rows, database));
  }

  /// Answers the two requests that come before the first one.
  void expect_preparation(std::vector<sql_row> counted = {}) {
    script->write_answers.emplace_back(sql_receipt{{changed(0)}, durability::ram});
    script->query_answers.emplace_back(rows(std::move(counted)));
  }

  void answer_query(sql_result x) { script->query_answers.emplace_back(std::move(x)); }

  void answer_write(std::vector<sql_result> x, durability level = durability::ram) {
    script->write_answers.emplace_back(sql_receipt{std::move(x), level});
  }

  session_applied apply(std::vector<session_change> changes,
                        durability level = durability::ram) {
    auto answer = ask<session_applied>(aut, atom::apply_v,
                                       session_changes{"s", std::move(changes)}, level);
    refusal = answer ? caf::error{} : answer.error();
    return answer ? *answer : session_applied{};
  }

  std::vector<session_store_info> stores() {
    auto answer = ask<std::vector<session_store_info>>(aut, atom::stores_v);
    refusal = answer ? caf::error{} : answer.error();
    return answer ? *answer : std::vector<session_store_info>{};
  }

  script_ptr script = std::make_shared<database_script>();
  session_store_actor aut;
  caf::error refusal;
};

using infos = std::vector<session_store_info>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_rows_tests, rows_fixture)

CAF_TEST(the table is made and counted before the first request and only once) {
  expect_preparation({{text("s"), number(2), number(30)}});
  CAF_CHECK(stores() == (infos{{"s", 2, 30}}));
  CAF_CHECK(stores() == (infos{{"s", 2, 30}}));
  CAF_REQUIRE_EQUAL(script->writes.size(), 1u);
  CAF_CHECK(script->writes[0].statements[0].sql.starts_with("CREATE TABLE IF NOT"));
  CAF_CHECK_EQUAL(script->queries.size(), 1u);
  for (auto origin : script->origins)
    CAF_CHECK(origin == sql_origin::sluice);
}

CAF_TEST(a preparation that fails is told and tried again by the next request) {
  script->write_answers.emplace_back(caf::make_error(ec::unavailable, "no database"));
  CAF_CHECK(stores().empty());
  CAF_CHECK(code_of(refusal) == ec::unavailable);
  script->write_answers.emplace_back(sql_receipt{{changed(0)}, durability::ram});
  script->query_answers.emplace_back(caf::make_error(ec::unavailable, "no reader"));
  stores();
  CAF_CHECK(code_of(refusal) == ec::unavailable);
  expect_preparation();
  CAF_CHECK(stores().empty());
  CAF_CHECK(!refusal);
}

CAF_TEST(a flush is one transaction and its sizes come from what was there before) {
  expect_preparation({{text("s"), number(3), number(100)}});
  answer_write({rows({{number(20)}}), changed(1), // a grows from 20 to 8 bytes
                rows({}), changed(1),             // b is new
                rows({{number(8)}}), changed(0),  // c equals what is stored
                rows({{number(40)}}), changed(1), // d goes
                rows({}), changed(0)});           // e was not there
  auto answer = apply({{"a", false, R"({"n":1})", 1},
                       {"b", false, "{}", 2},
                       {"c", false, R"({"n":1})", 3},
                       {"d", true, "", 4},
                       {"e", true, "", 5}});
  CAF_CHECK_EQUAL(answer.written, 3u);
  CAF_CHECK_EQUAL(answer.now, (session_store_info{"s", 3, 100 - 20 + 8 + 3 - 40}));
  CAF_CHECK(stores() == infos{answer.now});
  CAF_REQUIRE_EQUAL(script->writes.size(), 2u);
  auto& statements = script->writes[1].statements;
  CAF_REQUIRE_EQUAL(statements.size(), 10u);
  CAF_CHECK(statements[0].params == (sql_row{text("s"), text("a")}));
  CAF_CHECK(statements[1].sql.starts_with("INSERT INTO sluice_sessions"));
  CAF_CHECK(statements[1].params
            == (sql_row{text("s"), text("a"), number(1), number(8), text(R"({"n":1})")}));
  CAF_CHECK(statements[7].sql.starts_with("DELETE FROM sluice_sessions"));
  CAF_CHECK(statements[7].params == (sql_row{text("s"), text("d")}));
}

CAF_TEST(a store that loses its last session is no longer listed) {
  expect_preparation({{text("s"), number(1), number(3)}});
  answer_write({rows({{number(3)}}), changed(1)});
  CAF_CHECK_EQUAL(apply({{"a", true, "", 1}}).now, (session_store_info{"s", 0, 0}));
  CAF_CHECK(stores().empty());
}

CAF_TEST(nothing to write asks for nothing unless it is to be synced) {
  expect_preparation();
  CAF_CHECK_EQUAL(apply({}).written, 0u);
  CAF_CHECK_EQUAL(script->writes.size(), 1u);
  answer_write({rows({})}, durability::disk);
  auto synced = apply({}, durability::disk);
  CAF_CHECK(synced.level == durability::disk);
  CAF_REQUIRE_EQUAL(script->writes.size(), 2u);
  CAF_CHECK(!script->writes[1].statements.empty());
  CAF_CHECK(script->levels[1] == durability::disk);
}

CAF_TEST(a mark is written with its flush and kept where none is told) {
  expect_preparation({{text("s"), number(1), number(3), text("spool"), number(7)}});
  CAF_CHECK(stores() == (infos{{"s", 1, 3, {"spool", 7}}}));
  answer_write({rows({}), changed(1), changed(1)});
  session_changes x{"s", {{"a", false, "{}", 1, 8}}, {"spool", 8}};
  auto answer = ask<session_applied>(aut, atom::apply_v, x, durability::ram);
  CAF_REQUIRE(answer);
  CAF_CHECK_EQUAL(answer->now, (session_store_info{"s", 2, 6, {"spool", 8}}));
  CAF_REQUIRE_EQUAL(script->writes.back().statements.size(), 3u);
  CAF_CHECK(script->writes.back().statements[2].params
            == (sql_row{text("s"), text("spool"), number(8)}));
  answer_write({rows({}), changed(1)});
  auto unmarked = apply({{"b", false, "{}", 1}});
  CAF_CHECK_EQUAL(unmarked.now, (session_store_info{"s", 3, 9, {"spool", 8}}));
}

CAF_TEST(after a failed write everything is counted again) {
  expect_preparation({{text("s"), number(1), number(10)}});
  stores();
  script->write_answers.emplace_back(caf::make_error(ec::disk_full, "full"));
  apply({{"a", false, "{}", 1}});
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  expect_preparation({{text("s"), number(2), number(13)}});
  CAF_CHECK(stores() == (infos{{"s", 2, 13}}));
}

CAF_TEST(a session is looked up by a query) {
  expect_preparation();
  answer_query(rows({{text("{}")}}));
  auto found = ask<session_lookup>(aut, atom::load_v, std::string{"s"}, std::string{"a"});
  CAF_CHECK(found == (session_lookup{true, "{}"}));
  CAF_CHECK(script->queries.back().params == (sql_row{text("s"), text("a")}));
  answer_query(rows({}));
  found = ask<session_lookup>(aut, atom::load_v, std::string{"s"}, std::string{"b"});
  CAF_CHECK(found == (session_lookup{false, ""}));
  script->query_answers.emplace_back(caf::make_error(ec::unavailable, "no reader"));
  found = ask<session_lookup>(aut, atom::load_v, std::string{"s"}, std::string{"b"});
  CAF_CHECK(code_of(found.error()) == ec::unavailable);
}

CAF_TEST(a whole store is one query and none if it has no keys) {
  using whole = std::vector<session_document>;
  expect_preparation({{text("s"), number(2), number(6)}});
  answer_query(rows({{text("a"), text("{}")}, {text("b"), text("{}")}}));
  auto found = ask<whole>(aut, atom::load_all_v, std::string{"s"});
  CAF_CHECK(found == (whole{{"a", "{}"}, {"b", "{}"}}));
  found = ask<whole>(aut, atom::load_all_v, std::string{"t"});
  CAF_CHECK(found == whole{});
  CAF_CHECK_EQUAL(script->queries.size(), 2u);
}

CAF_TEST(a large store is read in pieces that each fit one result) {
  using whole = std::vector<session_document>;
  constexpr int64_t third = 4 * 1024 * 1024 / 3;
  expect_preparation({{text("s"), number(5), number(5 * third)}});
  sql_result sizes;
  for (auto key : {"a", "b", "c", "d", "e"})
    sizes.rows.push_back({text(key), number(third)});
  answer_query(sizes);
  answer_query(rows({{text("a"), text("{}")}, {text("b"), text("{}")}}));
  answer_query(
    rows({{text("c"), text("{}")}, {text("d"), text("{}")}, {text("e"), text("{}")}}));
  auto found = ask<whole>(aut, atom::load_all_v, std::string{"s"});
  CAF_REQUIRE(found);
  CAF_CHECK_EQUAL(found->size(), 5u);
  CAF_REQUIRE_EQUAL(script->queries.size(), 4u);
  CAF_CHECK(script->queries[1].params == sql_row{text("s")});
  CAF_CHECK(script->queries[2].params == (sql_row{text("s"), text("b")}));
  CAF_CHECK(script->queries[3].params == (sql_row{text("s"), text("b"), text("e")}));
}

CAF_TEST(a piece that fails is the answer) {
  using whole = std::vector<session_document>;
  expect_preparation({{text("s"), number(1), number(5'000'000)}});
  answer_query(rows({{text("a"), number(5'000'000)}}));
  script->query_answers.emplace_back(caf::make_error(ec::too_large, "too large"));
  auto found = ask<whole>(aut, atom::load_all_v, std::string{"s"});
  CAF_CHECK(code_of(found.error()) == ec::too_large);
}

CAF_TEST(maintenance in warn mode only queries) {
  expect_preparation({{text("s"), number(3), number(30)}});
  answer_query(rows({{text("a"), number(10)}, {text("b"), number(10)}}));
  auto found =
    ask<session_pruned>(aut, atom::prune_v, session_prune{"s", 1000, 2, false});
  CAF_CHECK(found == (session_pruned{{"a", "b"}, {"s", 3, 30}}));
  CAF_CHECK(script->queries.back().params
            == (sql_row{text("s"), number(1000), number(2)}));
  CAF_CHECK_EQUAL(script->writes.size(), 1u);
}

CAF_TEST(maintenance in enforce mode removes what it names in one transaction) {
  expect_preparation({{text("s"), number(3), number(30)}});
  answer_write({rows({{text("a"), number(10)}, {text("b"), number(12)}}), changed(2)});
  auto found = ask<session_pruned>(aut, atom::prune_v, session_prune{"s", 0, 1, true});
  CAF_CHECK(found == (session_pruned{{"a", "b"}, {"s", 1, 8}}));
  CAF_CHECK(stores() == (infos{{"s", 1, 8}}));
  CAF_REQUIRE_EQUAL(script->writes.back().statements.size(), 2u);
  CAF_CHECK(script->writes.back().statements[1].sql.starts_with("DELETE"));
}

CAF_TEST(a stop answers what is open and refuses what comes after) {
  expect_preparation();
  answer_query(rows({{text("{}")}}));
  auto found = std::make_shared<session_lookup>();
  auto stopped = std::make_shared<stop_report>();
  auto refused = std::make_shared<caf::error>();
  sys.spawn([=, who = aut](caf::event_based_actor* me) {
    me->request(who, caf::infinite, atom::load_v, std::string{"s"}, std::string{"a"})
      .then([=](session_lookup& x) { *found = std::move(x); });
    me->request(who, caf::infinite, atom::stop_v).then([=](stop_report& x) {
      *stopped = std::move(x);
    });
    me->request(who, caf::infinite, atom::stores_v)
      .then([](infos&) { CAF_FAIL("not refused"); },
            [=](caf::error& err) { *refused = std::move(err); });
  });
  settle();
  CAF_CHECK(found->exists);
  CAF_CHECK_EQUAL(stopped->name, "session-rows");
  CAF_CHECK(code_of(*refused) == ec::stopping);
}

CAF_TEST_FIXTURE_SCOPE_END()

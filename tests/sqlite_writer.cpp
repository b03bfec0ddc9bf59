// When the writer commits, and what one write may do to its neighbours.
#define CAF_SUITE sqlite_writer
#include "tests/sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr auto instant = caf::timespan{1};

sql_write insert(int64_t key) {
  return one("INSERT INTO t VALUES (?, 'x')", {key});
}

struct local : sqlite_fixture {
  local() { begin(); }

  /// (Re)starts the writer with an empty table and a quiet past.
  void begin() {
    start_writer(config);
    must("CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b)");
  }

  /// Whether the write is committed without any time passing.
  bool commits_at_once(const sql_write& x) {
    auto before = commits();
    auto answer = send(x);
    settle();
    auto done = commits() == before + 1;
    pass(delay);
    return receive(answer).engaged() && done;
  }

  std::string count(const std::string& from = "t") {
    return onlooker{path}.ask("SELECT count(*) FROM " + from).front();
  }

  /// Runs `culprit` in the middle of 63 inserts; all of them must be in, by so many
  /// commits, and it not.
  void among_63(const sql_write& culprit, uint64_t expected_commits) {
    auto before = commits();
    std::vector<sql_write> writes;
    for (int64_t i = 1; i <= 63; ++i)
      writes.push_back(insert(i));
    writes.insert(writes.begin() + 31, culprit);
    auto answers = together(writes);
    for (size_t i = 0; i < answers.size(); ++i) {
      auto code = answers[i] ? ec::none : code_of(answers[i].error());
      CAF_CHECK_EQUAL(std::make_pair(i, code),
                      std::make_pair(i, i == 31 ? ec::refused : ec::none));
    }
    CAF_CHECK_EQUAL(commits(), before + expected_commits);
    CAF_CHECK_EQUAL(count(), "63");
    CAF_CHECK_EQUAL(count("(SELECT DISTINCT a FROM t)"), "63");
  }

  static constexpr auto delay = commit_delay;
  sqlite_writer_config config = writer_config();
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_writer_tests, local)

// -- when -----------------------------------------------------------------------

CAF_TEST(a lone writer never waits) {
  for (int64_t i = 0; i < 5; ++i)
    CAF_CHECK(commits_at_once(insert(i)));
}

CAF_TEST(other messages in the mailbox do not make a lone writer wait) {
  for (int64_t i = 0; i < 3; ++i) {
    auto first = send(insert(i));
    auto asked = self->request(writer, caf::infinite, atom::stats_v);
    settle();
    CAF_CHECK(receive(first).engaged());
    asked.receive([](const sqlite_writer_stats&) {},
                  [](caf::error&) { CAF_FAIL("none"); });
  }
}

CAF_TEST(sixty four writes at once are one commit) {
  std::vector<sql_write> writes;
  for (int64_t i = 0; i < 64; ++i)
    writes.push_back(insert(i));
  auto before = commits();
  for (auto& answer : together(writes))
    CAF_CHECK(answer.engaged());
  CAF_CHECK_EQUAL(commits(), before + 1);
  CAF_CHECK_EQUAL(count(), "64");
}

CAF_TEST(with two in flight one waits for the other up to the delay and not longer) {
  together({insert(1), insert(2)});
  auto before = commits();
  auto first = send(insert(3));
  pass(delay - instant);
  CAF_CHECK_EQUAL(commits(), before);
  pass(instant);
  CAF_CHECK_EQUAL(commits(), before + 1);
  CAF_CHECK(receive(first).engaged());
  CAF_MESSAGE("the other did not come: whoever is left is alone and waits no more");
  CAF_CHECK(commits_at_once(insert(4)));
}

CAF_TEST(two in flight commit once and at once when both are there) {
  together({insert(1), insert(2)});
  auto before = commits();
  auto first = send(insert(3));
  pass(delay / 2);
  CAF_CHECK_EQUAL(commits(), before);
  auto second = send(insert(4));
  settle();
  CAF_CHECK_EQUAL(commits(), before + 1);
  CAF_CHECK(receive(first).engaged());
  CAF_CHECK(receive(second).engaged());
}

CAF_TEST(a write that arrives during a commit is expected in the next group) {
  auto first = send(insert(1));
  consume_message(); // it is collected
  auto second = send(insert(2));
  auto third = send(insert(3));
  consume_message(); // the first commits alone, the others wait in the mailbox
  CAF_CHECK_EQUAL(inside().stats().commits, 2u);
  settle();
  CAF_MESSAGE("three are in flight, two are here: the answered one may come again");
  CAF_CHECK_EQUAL(commits(), 2u);
  auto fourth = send(insert(4));
  settle();
  CAF_CHECK_EQUAL(commits(), 3u);
  for (auto* x : {&first, &second, &third, &fourth})
    CAF_CHECK(receive(*x).engaged());
}

CAF_TEST(a full group does not wait) {
  config.window.requests_max = 3;
  begin();
  CAF_MESSAGE("at its limit of requests: three, and two that wait for the three");
  auto before = commits();
  std::vector<decltype(send(insert(0)))> waiting;
  for (int64_t i = 0; i < 5; ++i)
    waiting.push_back(send(insert(i)));
  settle();
  CAF_CHECK_EQUAL(commits(), before + 1);
  waiting.push_back(send(insert(5)));
  settle();
  CAF_CHECK_EQUAL(commits(), before + 2);
  for (auto& x : waiting)
    CAF_CHECK(receive(x).engaged());
  CAF_MESSAGE("at its limit of bytes");
  config.window.requests_max = 1000;
  config.window.bytes_max = 1;
  begin();
  before = commits();
  together({insert(20), insert(21)});
  CAF_CHECK_EQUAL(commits(), before + 2);
}

// -- neighbours -----------------------------------------------------------------

CAF_TEST(a write that fails harms none of its neighbours) {
  among_63(one("INSERT INTO nowhere VALUES (1)"), 1);
}

CAF_TEST(OR ROLLBACK harms none of its neighbours) {
  among_63(one("INSERT OR ROLLBACK INTO t VALUES (7, 'twice')"), 2);
}

CAF_TEST(RAISE ROLLBACK in a trigger harms none of its neighbours) {
  must("CREATE TABLE guarded(a)");
  must("CREATE TRIGGER guard BEFORE INSERT ON guarded "
       "BEGIN SELECT RAISE(ROLLBACK, 'not here'); END");
  among_63(one("INSERT INTO guarded VALUES (1)"), 2);
  CAF_CHECK_EQUAL(count("guarded"), "0");
}

CAF_TEST(a deferred foreign key harms none of its neighbours) {
  must("CREATE TABLE parent(a INTEGER PRIMARY KEY)");
  must("CREATE TABLE child(a REFERENCES parent(a) DEFERRABLE INITIALLY DEFERRED)");
  among_63(one("INSERT INTO child VALUES (99)"), 1);
  CAF_CHECK_EQUAL(count("child"), "0");
  CAF_MESSAGE("within one write the parent may come later");
  sql_write both{
    {{"INSERT INTO child VALUES (1)", {}}, {"INSERT INTO parent VALUES (1)", {}}},
    {},
    sql_origin::user};
  CAF_CHECK(write(both).engaged());
  CAF_MESSAGE("a lone write meets the same rule at its commit");
  CAF_CHECK_EQUAL(code_of(write(one("INSERT INTO child VALUES (2)")).error()),
                  ec::refused);
  CAF_CHECK_EQUAL(count("child"), "1");
}

CAF_TEST(a runaway statement harms none of its neighbours) {
  config.query_timeout = 20ms;
  begin();
  among_63(one("INSERT INTO t SELECT 1000, count(*) FROM t AS a, t AS b, t AS c, t AS d, "
               "t AS e, t AS f, t AS g"),
           2);
}

CAF_TEST(many that end the transaction are each told and the others are all in) {
  std::vector<sql_write> writes;
  for (int64_t i = 0; i < 64; ++i)
    writes.push_back(i % 2 == 0 ? insert(i)
                                : one("INSERT OR ROLLBACK INTO t VALUES (0, 'twice')"));
  auto answers = together(writes);
  for (size_t i = 0; i < answers.size(); ++i)
    CAF_CHECK_EQUAL(answers[i].engaged(), i % 2 == 0);
  CAF_CHECK_EQUAL(count(), "32");
}

CAF_TEST(a failing statement takes back the whole write and nothing else) {
  sql_write whole{
    {{"INSERT INTO t VALUES (50, 'x')", {}}, {"INSERT INTO nowhere VALUES (1)", {}}},
    {},
    sql_origin::user};
  auto answers = together({insert(1), whole, insert(2)});
  CAF_CHECK(answers[0].engaged());
  CAF_CHECK(!answers[1].engaged());
  CAF_CHECK(answers[2].engaged());
  CAF_CHECK_EQUAL(count(), "2");
}

CAF_TEST(writes keep the order in which they came) {
  must("CREATE TABLE log(n INTEGER PRIMARY KEY, a)");
  std::vector<sql_write> writes;
  for (int64_t i = 0; i < 20; ++i)
    writes.push_back(one("INSERT INTO log(a) VALUES (?)", {i}));
  writes.insert(writes.begin() + 10, one("INSERT OR ROLLBACK INTO log VALUES (1, 1)"));
  together(writes);
  CAF_CHECK_EQUAL(copy(onlooker{path}.ask("SELECT group_concat(a) FROM log").front()),
                  "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19");
}

CAF_TEST(while another process holds the lock a write is unavailable and not lost) {
  onlooker other{path, sqlite::access::read_write};
  CAF_REQUIRE(!other.db.run("BEGIN IMMEDIATE"));
  for (auto& answer : together({insert(1), insert(2)}))
    CAF_CHECK_EQUAL(code_of(answer.error()), ec::unavailable);
  CAF_REQUIRE(!other.db.run("COMMIT"));
  for (auto& answer : together({insert(1), insert(2)}))
    CAF_CHECK(answer.engaged());
  CAF_CHECK(!stats().suspect);
}

// -- the end --------------------------------------------------------------------

CAF_TEST(stopping commits what waits and answers it first) {
  together({insert(1), insert(2)});
  auto waiting = send(insert(3));
  settle();
  CAF_CHECK_EQUAL(inside().stats().commits, 2u);
  auto report = ask<stop_report>(writer, atom::stop_v);
  CAF_CHECK_EQUAL(copy(report->drained), 1u);
  CAF_CHECK_EQUAL(copy(report->left), 0u);
  CAF_CHECK_EQUAL(copy(report->detail), "");
  CAF_CHECK(receive(waiting).engaged());
  CAF_CHECK_EQUAL(count(), "3");
  CAF_MESSAGE("the WAL is in the database");
  CAF_CHECK_EQUAL(std::filesystem::file_size(path + "-wal"), 0u);
}

CAF_TEST(a database that was never opened takes no write) {
  writer = tracked(sys.spawn(sqlite_writer, config, metrics));
  CAF_CHECK_EQUAL(code_of(write(insert(1)).error()), ec::unavailable);
  CAF_CHECK_EQUAL(code_of(ask<checkpoint_report>(writer, atom::checkpoint_v,
                                                 checkpoint_mode::passive, delay)
                            .error()),
                  ec::unavailable);
  CAF_CHECK(ask<stop_report>(writer, atom::stop_v).engaged());
}

CAF_TEST_FIXTURE_SCOPE_END()

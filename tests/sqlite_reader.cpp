#define CAF_SUITE sqlite_reader
#include "actors/storage/sqlite_memory.hpp"
#include "tests/sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct local : sqlite_fixture {
  local() {
    start_writer();
    must("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    must("INSERT INTO t VALUES (1, 'one'), (2, x'00ff'), (3, 2.5), (4, NULL)");
    start_reader(reader_config());
  }

  void start_reader(const sqlite_reader_config& config) {
    reader = tracked(sys.spawn(sqlite_reader, config));
  }

  caf::expected<sql_result> query(std::string sql, sql_row params = {},
                                  sql_origin origin = sql_origin::user) {
    return query(sql_statement{std::move(sql), std::move(params)}, origin);
  }

  caf::expected<sql_result> query(sql_statement x, sql_origin origin = sql_origin::user) {
    return ask<sql_result>(reader, atom::query_v, std::move(x), origin);
  }

  ec code(std::string sql, sql_row params = {}, sql_origin origin = sql_origin::user) {
    auto x = query(std::move(sql), std::move(params), origin);
    if (!x)
      text = text_of(x.error());
    return x ? ec::none : code_of(x.error());
  }

  /// Whether nobody's snapshot keeps the WAL from being cut.
  bool wal_is_free() {
    return !ask<checkpoint_report>(writer, atom::checkpoint_v, checkpoint_mode::truncate,
                                   caf::timespan{1ms})
              ->busy;
  }

  sqlite_reader_actor reader;
  std::string text;
};

constexpr auto endless =
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n";

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_reader_tests, local)

CAF_TEST(every kind of value comes back as it was written) {
  auto x = query("SELECT a, b FROM t ORDER BY a");
  CAF_REQUIRE(x.engaged());
  CAF_CHECK(x->columns == (std::vector<std::string>{"a", "b"}));
  CAF_CHECK(x->rows
            == (std::vector<sql_row>{{int64_t{1}, "one"s},
                                     {int64_t{2}, sql_blob{"\0\xff"s}},
                                     {int64_t{3}, 2.5},
                                     {int64_t{4}, sql_null{}}}));
  CAF_CHECK_EQUAL(copy(query("SELECT a FROM t WHERE b = ?", {"one"s})->rows.size()), 1u);
}

CAF_TEST(a write is refused in clear words and changes nothing) {
  for (auto* sql :
       {"INSERT INTO t VALUES (9, 9)", "DELETE FROM t", "CREATE TABLE u(a)",
        "DROP TABLE t", "INSERT INTO t VALUES (9, 9) RETURNING a", "ANALYZE"}) {
    CAF_CHECK_EQUAL(code(sql), ec::refused);
    CAF_CHECK_EQUAL(text, "a query may not write");
  }
  CAF_CHECK_EQUAL(copy(query("SELECT * FROM t")->rows.size()), 4u);
}

CAF_TEST(BEGIN leaves no open transaction whoever says it) {
  CAF_CHECK_EQUAL(code("BEGIN"), ec::refused);
  CAF_CHECK_EQUAL(code("BEGIN", {}, sql_origin::sluice), ec::refused);
  CAF_CHECK_EQUAL(code("SELECT * FROM t"), ec::none);
  must("INSERT INTO t VALUES (5, 5)");
  CAF_CHECK(wal_is_free());
  CAF_CHECK_EQUAL(copy(query("SELECT * FROM t")->rows.size()), 5u);
}

CAF_TEST(a query that failed half way holds no snapshot) {
  CAF_CHECK_EQUAL(code("SELECT abs(a - 9223372036854775808) FROM t ORDER BY a DESC"),
                  ec::none);
  CAF_CHECK_EQUAL(code("SELECT abs(-9223372036854775807 - a) FROM t"), ec::refused);
  CAF_CHECK(wal_is_free());
}

CAF_TEST(users may not leave their database on a reader either) {
  for (auto* sql : {"ATTACH ':memory:' AS m", "DETACH main", "SAVEPOINT s", "COMMIT",
                    "PRAGMA query_only = 0", "PRAGMA journal_mode = delete",
                    "SELECT load_extension('x')", "VACUUM INTO '/tmp/sluice-never.db'",
                    "CREATE TEMP TABLE x(a)"})
    CAF_CHECK_EQUAL(std::make_pair(sql, code(sql)), std::make_pair(sql, ec::refused));
  for (auto* sql : {"PRAGMA table_info(t)", "PRAGMA user_version", "PRAGMA page_count",
                    "SELECT * FROM pragma_table_info('t')",
                    "EXPLAIN QUERY PLAN SELECT * FROM t", "PRAGMA integrity_check"})
    CAF_CHECK_EQUAL(std::make_pair(sql, code(sql)), std::make_pair(sql, ec::none));
  CAF_CHECK(!std::filesystem::exists("/tmp/sluice-never.db"));
}

CAF_TEST(what is malformed is told from what is refused) {
  CAF_CHECK_EQUAL(code(""), ec::invalid_argument);
  CAF_CHECK_EQUAL(code("SELECT 1; SELECT 2"), ec::invalid_argument);
  CAF_CHECK_EQUAL(code("SELECT ?"), ec::invalid_argument);
  CAF_CHECK_EQUAL(code("SELECT 1", {int64_t{1}}), ec::invalid_argument);
  CAF_CHECK_EQUAL(code("SELEKT 1"), ec::refused);
  CAF_CHECK_NOT_EQUAL(text.find("syntax error"), std::string::npos);
  CAF_CHECK_EQUAL(code("SELECT * FROM nowhere"), ec::refused);
}

CAF_TEST(a query over the time limit is ended and the next one runs) {
  auto config = reader_config();
  config.query_timeout = 20ms;
  start_reader(config);
  CAF_CHECK_EQUAL(code(endless), ec::refused);
  CAF_CHECK_NOT_EQUAL(text.find("time limit"), std::string::npos);
  CAF_CHECK_EQUAL(code("SELECT 1"), ec::none);
  CAF_CHECK(wal_is_free());
}

CAF_TEST(a result at the size limit passes and one byte over it is refused) {
  auto config = reader_config();
  config.max_result_bytes = 100 + sizeof(sql_value) + "name"s.size();
  start_reader(config);
  CAF_CHECK_EQUAL(code("SELECT printf('%100s', '') AS name"), ec::none);
  CAF_CHECK_EQUAL(code("SELECT printf('%101s', '') AS name"), ec::refused);
  CAF_CHECK_NOT_EQUAL(text.find("larger than its limit"), std::string::npos);
  CAF_CHECK_EQUAL(code("SELECT a FROM t"), ec::refused);
}

CAF_TEST(names of columns are part of the result and held like its rows) {
  const auto answers = std::make_shared<budget>(500'000);
  sql_statement x{"SELECT 1 AS " + std::string(50'000, 'n'), {}};
  x.room = answers->open();
  CAF_CHECK(query(x).engaged());
  CAF_CHECK(x.room.bytes() > 50'000);
  sql_statement y{x.sql, {}};
  y.room = answers->open();
  CAF_CHECK_EQUAL(code_of(query(y).error()), ec::overloaded);
}

CAF_TEST(a value past its limit is too large) {
  CAF_CHECK_EQUAL(code("SELECT length(zeroblob(16777216))"), ec::none);
  CAF_CHECK_EQUAL(code("SELECT length(zeroblob(16777217))"), ec::too_large);
  CAF_CHECK_NOT_EQUAL(text.find("sqlite.max-result-bytes"), std::string::npos);
  CAF_CHECK_EQUAL(code("SELECT length(zeroblob(16777217))", {}, sql_origin::sluice),
                  ec::none);
}

CAF_TEST(a query past its memory is too large and our own is not ) {
  auto config = reader_config();
  config.database.cache_kib = 100;
  config.database.memory_bytes_max = 1'048'576;
  start_reader(config);
  const auto* greedy = "SELECT length(hex(zeroblob(8000000)))";
  CAF_CHECK_EQUAL(code(greedy), ec::too_large);
  CAF_CHECK_NOT_EQUAL(text.find("sqlite.max-memory-bytes=1048576"), std::string::npos);
  CAF_CHECK_EQUAL(code(greedy, {}, sql_origin::sluice), ec::none);
  CAF_CHECK_EQUAL(code("SELECT length(hex(zeroblob(1000000)))"), ec::none);
  CAF_CHECK(wal_is_free());
}

CAF_TEST(a schema larger than all memory of queries is loaded and they are served) {
  auto config = reader_config();
  config.database.cache_kib = 100;
  config.database.memory_bytes_max = 1'048'576;
  start_reader(config);
  CAF_CHECK_EQUAL(code("SELECT a FROM t"), ec::none);
  std::string terms = "a";
  for (int i = 1; i < 250; ++i)
    terms += "+a";
  auto view = "CREATE VIEW v AS SELECT " + terms;
  for (int i = 1; i < 1000; ++i)
    view += "," + terms;
  onlooker{path, sqlite::access::read_write}.ask(view + " FROM t");
  CAF_CHECK_EQUAL(code("SELECT a FROM t"), ec::none);
  CAF_CHECK_EQUAL(code("SELECT length(hex(zeroblob(8000000)))"), ec::too_large);
}

CAF_TEST(a query that does not get what others hold is overloaded) {
  auto config = reader_config();
  config.database.cache_kib = 100;
  config.database.memory_bytes_max = 33'554'432;
  start_reader(config);
  {
    sqlite::deadline never;
    sqlite::ration held{0, 33'554'432, never};
    CAF_CHECK(held.allows(20'000'000));
    CAF_CHECK_EQUAL(code("SELECT length(hex(zeroblob(8000000)))"), ec::overloaded);
  }
  CAF_CHECK_EQUAL(code("SELECT length(hex(zeroblob(8000000)))"), ec::none);
}

CAF_TEST(what does not fit into memory is sorted in files that are counted and bounded) {
  auto config = reader_config();
  config.database.temp_bytes_max = 16'777'216;
  start_reader(config);
  auto distinct = [this](const std::string& n) {
    return code("SELECT count(*) FROM (SELECT DISTINCT x FROM (WITH RECURSIVE n(i) AS "
                "(SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT "
                + n + ") SELECT i || hex(zeroblob(500)) AS x FROM n))");
  };
  CAF_CHECK_EQUAL(distinct("3000"), ec::none);
  CAF_CHECK_GREATER(
    copy(ask<metrics_report>(reader, atom::collect_v)->counts.disk.write_bytes),
    1'000'000u);
  CAF_CHECK_EQUAL(distinct("30000"), ec::too_large);
  CAF_CHECK_NOT_EQUAL(text.find("sqlite.max-temp-bytes"), std::string::npos);
  for (const auto& x : std::filesystem::directory_iterator{directory})
    CAF_CHECK_EQUAL(x.path().string().find("-temp-"), std::string::npos);
}

CAF_TEST(a reader that was closed opens again by itself) {
  CAF_CHECK_EQUAL(ask<bool>(reader, atom::close_v), false);
  CAF_CHECK_EQUAL(code("SELECT 1"), ec::none);
  CAF_CHECK_EQUAL(ask<bool>(reader, atom::close_v), true);
  CAF_CHECK_EQUAL(code("SELECT 1"), ec::none);
}

CAF_TEST(a database that is not there is unavailable) {
  auto config = reader_config();
  config.database.path = directory + "/nothing.db";
  start_reader(config);
  CAF_CHECK_EQUAL(code("SELECT 1"), ec::unavailable);
  CAF_CHECK_EQUAL(code("SELECT 1"), ec::unavailable);
}

CAF_TEST(users queries are counted once and not our own) {
  query("SELECT 1");
  query("SELECT 2");
  query("SELECT 3", {}, sql_origin::sluice);
  query("SELEKT");
  auto told = ask<metrics_report>(reader, atom::collect_v);
  CAF_CHECK_EQUAL(copy(told->counts.queries), 2u);
  CAF_CHECK_GREATER(copy(told->counts.disk.reads), 0u);
  CAF_CHECK_EQUAL(copy(ask<metrics_report>(reader, atom::collect_v)->counts.queries), 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

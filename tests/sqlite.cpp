#define CAF_SUITE sqlite
#include "tests/sqlite_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct local : sqlite_fixture {
  local() {
    config.path = path;
    config.busy_timeout = 10ms;
  }

  ec open() {
    auto opened = sqlite::open_writer(db, config);
    if (opened)
      return ec::none;
    text = text_of(opened.error());
    return code_of(opened.error());
  }

  ec prepare(const std::string& sql, sql_origin origin = sql_origin::user) {
    auto x = db.prepare(sql, origin);
    return x ? ec::none : code_of(x.error());
  }

  sqlite::settings config;
  sqlite::vfs files;
  sqlite::connection db{files};
  std::string text;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_tests, local)

// -- settings -------------------------------------------------------------------

CAF_TEST(settings are what SQLite says they are) {
  config.cache_kib = 2000;
  config.journal_size_limit = 65'536;
  config.synchronous = "extra";
  CAF_REQUIRE_EQUAL(open(), ec::none);
  CAF_CHECK_EQUAL(copy(db.ask("PRAGMA journal_mode")->front()), "wal");
  CAF_CHECK_EQUAL(copy(db.ask("PRAGMA synchronous")->front()), "3");
  CAF_CHECK_EQUAL(copy(db.ask("PRAGMA cache_size")->front()), "-2000");
  CAF_CHECK_EQUAL(copy(db.ask("PRAGMA journal_size_limit")->front()), "65536");
  CAF_CHECK_EQUAL(copy(db.ask("PRAGMA wal_autocheckpoint")->front()), "0");
  CAF_CHECK_EQUAL(copy(db.ask("PRAGMA mmap_size")->front()), "0");
  CAF_CHECK_EQUAL(copy(db.ask("PRAGMA temp_store")->front()), "1");
  CAF_CHECK_EQUAL(copy(db.ask("PRAGMA trusted_schema")->front()), "1");
  CAF_CHECK_EQUAL(copy(db.ask("PRAGMA foreign_keys")->front()), "1");
}

CAF_TEST(a word that synchronous does not know is refused by its key) {
  config.synchronous = "sometimes";
  CAF_CHECK_EQUAL(open(), ec::invalid_setting);
  CAF_CHECK_NOT_EQUAL(text.find("sqlite.synchronous=sometimes"), std::string::npos);
  CAF_CHECK(!db.is_open());
}

CAF_TEST(a value that SQLite cuts short is refused with what it said) {
  config.cache_kib = 5'000'000'000;
  CAF_CHECK_EQUAL(open(), ec::invalid_setting);
  CAF_CHECK_NOT_EQUAL(text.find("sqlite.cache-kib=5000000000"), std::string::npos);
  CAF_CHECK_NOT_EQUAL(text.find("cache_size is"), std::string::npos);
  config.cache_kib = 10'000;
  config.busy_timeout = std::chrono::hours{87'600};
  CAF_CHECK_EQUAL(open(), ec::invalid_setting);
  CAF_CHECK_NOT_EQUAL(text.find("sqlite.busy-timeout="), std::string::npos);
}

CAF_TEST(wal mode that cannot be had is refused) {
  config.path = ":memory:";
  CAF_CHECK_EQUAL(open(), ec::invalid_setting);
  CAF_CHECK_NOT_EQUAL(text.find("sqlite.wal=true"), std::string::npos);
}

CAF_TEST(a file that is no database is an error) {
  CAF_REQUIRE_EQUAL(
    std::system(("head -c 8192 /dev/zero | tr '\\0' x > " + path).c_str()), 0);
  CAF_CHECK_EQUAL(open(), ec::disk_failed);
}

CAF_TEST(closing checkpoints nothing and keeps the WAL) {
  CAF_REQUIRE_EQUAL(open(), ec::none);
  CAF_REQUIRE(!db.run("CREATE TABLE t(a)"));
  db.close();
  CAF_CHECK_GREATER(std::filesystem::file_size(path + "-wal"), 0u);
  onlooker other{path};
  CAF_CHECK_EQUAL(copy(other.ask("SELECT count(*) FROM t").front()), "0");
}

// -- the WAL hook and the counters ----------------------------------------------

CAF_TEST(the WAL hook fires with automatic checkpoints off) {
  CAF_REQUIRE_EQUAL(open(), ec::none);
  CAF_CHECK_EQUAL(db.take_wal_frames(), -1);
  CAF_REQUIRE(!db.run("CREATE TABLE t(a)"));
  CAF_CHECK_GREATER(db.take_wal_frames(), 0);
  CAF_CHECK_EQUAL(db.take_wal_frames(), -1);
}

CAF_TEST(every call on the files is counted once) {
  CAF_REQUIRE_EQUAL(open(), ec::none);
  CAF_REQUIRE(!db.run("CREATE TABLE t(a)"));
  files.take();
  CAF_REQUIRE(!db.run("INSERT INTO t VALUES (1)"));
  auto io = files.take();
  CAF_MESSAGE("a frame is a header of 24 bytes and a page");
  CAF_CHECK_EQUAL(io.writes, 2u);
  CAF_CHECK_EQUAL(io.write_bytes, 24u + 4096u);
  CAF_CHECK_EQUAL(io.syncs, 0u);
  CAF_CHECK(files.take() == io_counts{});
  CAF_REQUIRE(db.checkpoint(checkpoint_mode::passive).engaged());
  CAF_CHECK_EQUAL(files.take().syncs, 2u);
}

CAF_TEST(a WAL that begins anew is told from one that goes on) {
  CAF_REQUIRE_EQUAL(open(), ec::none);
  sqlite::wal_tracker wal;
  wal.opened(db, files, path);
  CAF_REQUIRE(!db.run("CREATE TABLE t(a)"));
  wal.committed(db, files);
  auto first = wal.state();
  CAF_CHECK_GREATER(first.frames, 0);
  CAF_CHECK_EQUAL(first.checkpointed, 0);
  auto report = db.checkpoint(checkpoint_mode::passive);
  wal.checkpointed(*report);
  CAF_CHECK_EQUAL(wal.state().checkpointed, first.frames);
  CAF_REQUIRE(!db.run("CREATE TABLE u(a)"));
  wal.committed(db, files);
  CAF_CHECK_EQUAL(wal.state().checkpointed, 0);
  CAF_CHECK_GREATER(wal.state().frames, 0);
}

// -- statements -----------------------------------------------------------------

CAF_TEST(exactly one statement is accepted) {
  CAF_REQUIRE_EQUAL(open(), ec::none);
  for (auto* good : {"SELECT 1", "SELECT 1;", "SELECT 1 ; ; ", "SELECT 1; -- so be it",
                     "SELECT 1; /* a */ ; -- b\n;", "/* a */ SELECT 1"})
    CAF_CHECK_EQUAL(std::make_pair(good, prepare(good)), std::make_pair(good, ec::none));
  for (const auto& bad :
       {""s, " "s, ";"s, "-- nothing"s, "/* nothing"s, "SELECT 1; SELECT 2"s,
        "SELECT 1; x"s, "SELECT 1;\0"s, "SELECT 1; -- a\nDROP TABLE t"s})
    CAF_CHECK_EQUAL(std::make_pair(bad, prepare(bad)),
                    std::make_pair(bad, ec::invalid_argument));
}

CAF_TEST(what our own SQL may do is refused to a user in the same words) {
  CAF_REQUIRE_EQUAL(open(), ec::none);
  auto sql = "CREATE TABLE sluice_x(a)";
  CAF_CHECK_EQUAL(prepare(sql, sql_origin::sluice), ec::none);
  CAF_CHECK_EQUAL(prepare(sql, sql_origin::user), ec::refused);
}

CAF_TEST(statements that are used again and again stay bounded) {
  CAF_REQUIRE_EQUAL(open(), ec::none);
  for (int round = 0; round < 2; ++round)
    for (size_t i = 0; i < 3 * sqlite::statement_cache::statements_max; ++i)
      CAF_REQUIRE_EQUAL(prepare("SELECT " + std::to_string(i)), ec::none);
  CAF_MESSAGE("SQL over the limit is compiled each time, and works the same");
  auto filler = std::string(sqlite::statement_cache::sql_bytes_max, ' ');
  CAF_CHECK_EQUAL(prepare("SELECT" + filler + "1"), ec::none);
  CAF_CHECK_EQUAL(prepare("SELECT" + filler + "1"), ec::none);
  auto left = db.ask("SELECT count(*) FROM sqlite_stmt");
  CAF_REQUIRE(left.engaged());
  CAF_CHECK_LESS(std::stoul(left->front()), 2 * sqlite::statement_cache::statements_max);
}

CAF_TEST(a statement that was let go of holds no snapshot) {
  CAF_REQUIRE_EQUAL(open(), ec::none);
  CAF_REQUIRE(!db.run("CREATE TABLE t(a)"));
  CAF_REQUIRE(!db.run("INSERT INTO t VALUES (1), (2)"));
  onlooker other{path};
  {
    auto x = other.db.prepare("SELECT a FROM t", sql_origin::user);
    CAF_REQUIRE(x->step().engaged());
    CAF_CHECK(db.checkpoint(checkpoint_mode::truncate)->busy);
  }
  CAF_CHECK(!db.checkpoint(checkpoint_mode::truncate)->busy);
}

CAF_TEST(an emptied wal is emptied on the disk too) {
  CAF_REQUIRE_EQUAL(open(), ec::none);
  CAF_REQUIRE(!db.run("CREATE TABLE t(a)"));
  CAF_REQUIRE(!db.checkpoint(checkpoint_mode::passive)->busy);
  files.take();
  CAF_REQUIRE(!db.checkpoint(checkpoint_mode::truncate)->busy);
  CAF_MESSAGE("THEN nothing was left to move and the emptying alone was synced");
  CAF_CHECK_EQUAL(files.take().syncs, 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

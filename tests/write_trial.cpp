// A write that nobody could take is set aside, whatever SQLite calls it; what the disk or
// the machine could not take waits for them.
#define CAF_SUITE write_trial
#include "actors/storage/sqlite_memory.hpp"
#include "tests/small_disk.hpp"
#include "tests/small_tmpfs.hpp"
#include "tests/sql_queue_fixture.hpp"

#include <cstdint>
#include <fstream>
#include <optional>

using namespace sluice;
using namespace sluice::test;

namespace {

constexpr int sqlite_ioerr_nomem = 3082;

struct local : queue_fixture {
  local() { sqlite::forget_lack_of_memory(); }

  /// The database on a disk of its own, of so many bytes.
  bool begin_on(const std::string& bytes) {
    disk.emplace(directory, bytes);
    if (!*disk)
      return false;
    begin();
    return true;
  }

  void begin() {
    auto config_of_writer = database_config_of_writer();
    config_of_writer.query_timeout = 20s;
    config_of_writer.database.cache_kib = 500; // more than that is sorted in a file
    ram.reopen();
    start(config_of_writer);
    make_table();
  }

  /// What a query is told that SQLite has no memory for.
  ec read_without_memory() const {
    sqlite::vfs others;
    sqlite::connection db{others};
    CAF_REQUIRE(!db.open(path, sqlite::access::read_only));
    sqlite::bounds within;
    sqlite::bounded_request request{db, within};
    others.fail(sqlite::io_operation::read, sqlite_ioerr_nomem, 1);
    auto found = db.prepare("SELECT * FROM t", sql_origin::user);
    CAF_REQUIRE(!found);
    return code_of(request.judge(std::move(found.error())));
  }

  std::string filler() const { return directory + "/filler"; }

  /// Takes all that the disk has.
  void fill_disk() const {
    std::ofstream file{filler()};
    const std::string block(1024, 'x');
    while (file.write(block.data(), 1024).flush())
      ;
  }

  std::optional<small_tmpfs> disk;
};

const char* const everything =
  "WITH RECURSIVE c(n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM c) "
  "INSERT INTO t SELECT n, zeroblob(1000000) FROM c";

const char* const sorted = "WITH RECURSIVE c(n) AS (SELECT 1000 UNION ALL SELECT n + 1 "
                           "FROM c LIMIT 2000) INSERT INTO t "
                           "SELECT n, hex(randomblob(2000)) AS x FROM c ORDER BY x";

/// It takes a block of two million bytes.
const char* const large = "INSERT INTO t VALUES (5, hex(zeroblob(1000000)))";

/// The machine has no block for SQLite that is larger.
struct starving {
  explicit starving(const sqlite::famine& x) { sqlite::starve(x); }
  explicit starving(size_t bytes_max) : starving(sqlite::famine{bytes_max}) {}
  ~starving() { sqlite::starve({}); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(write_trial_tests, local)

CAF_TEST(queued SQL that fills any disk is set aside and the rest is applied) {
  begin();
  const small_disk limit{80'000'000};
  append(insert(1));
  append(one(everything));
  append(insert(2));
  flush();
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(dead_lines(), 1u);
  CAF_CHECK_EQUAL(alerts(), "sql-dead-letters ");
}

CAF_TEST(direct SQL that fills any disk is refused) {
  begin();
  const small_disk limit{80'000'000};
  CAF_CHECK_EQUAL(code(everything), ec::refused);
  CAF_CHECK_EQUAL(code(insert(1)), ec::none);
}

CAF_TEST(while the disk is full nothing is set aside and all is applied after) {
  if (!begin_on("4m"))
    return;
  for (int64_t i = 1; i <= 5; ++i)
    append(insert(i, std::string(20'000, 'x')));
  fill_disk();
  CAF_CHECK_EQUAL(flush_code(), ec::disk_full);
  CAF_CHECK_EQUAL(code(insert(9, std::string(20'000, 'x'))), ec::disk_full);
  for (int i = 0; i < 5; ++i)
    pass(10s);
  CAF_CHECK_LESS(count(), "5");
  std::filesystem::remove(filler());
  flush();
  CAF_CHECK_EQUAL(keys(), "1,2,3,4,5");
  CAF_CHECK_EQUAL(dead(), "");
  CAF_CHECK_EQUAL(alerts(), "");
}

CAF_TEST(a file to sort in that fails each time is no fault of the database) {
  begin();
  files().fail(sqlite::io_operation::sort, sqlite_ioerr_write, UINT64_MAX);
  append(insert(1));
  append(one(sorted));
  append(insert(2));
  flush();
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(dead_lines(), 1u);
  CAF_CHECK_EQUAL(code(sorted), ec::refused);
  CAF_CHECK(!stats().suspect);
}

CAF_TEST(what fails once is tried once more before anybody is blamed) {
  begin();
  files().fail(sqlite::io_operation::sort, sqlite_ioerr_write, 1);
  CAF_CHECK_EQUAL(code(sorted), ec::none);
  must("DELETE FROM t");
  files().fail(sqlite::io_operation::sort, sqlite_ioerr_write, 1);
  append(one(sorted));
  flush();
  CAF_CHECK_EQUAL(count(), "2000");
  CAF_CHECK_EQUAL(dead(), "");
}

CAF_TEST(what the machine has no memory for waits until it has) {
  begin();
  append(insert(1));
  append(one(large));
  append(insert(7));
  {
    starving machine{500'000};
    CAF_CHECK_EQUAL(flush_code(), ec::unavailable);
    CAF_CHECK_EQUAL(code(large), ec::unavailable);
    for (int i = 0; i < 5; ++i)
      pass(10s);
    CAF_CHECK_EQUAL(keys(), "1");
  }
  flush();
  CAF_CHECK_EQUAL(keys(), "1,5,7");
  CAF_CHECK_EQUAL(dead(), "");
}

CAF_TEST(what the machine had no memory for at each try by chance is not set aside) {
  begin();
  append(insert(1));
  append(one(large));
  append(insert(7));
  {
    starving machine{{.bytes_max = 500'000, .between = 1, .times = 3}};
    CAF_CHECK_EQUAL(flush_code(), ec::unavailable);
    CAF_CHECK_EQUAL(dead(), "");
  }
  flush();
  CAF_CHECK_EQUAL(keys(), "1,5,7");
  must("DELETE FROM t");
  starving machine{{.bytes_max = 500'000, .between = 1, .times = 2}};
  CAF_CHECK_EQUAL(code(large), ec::unavailable);
}

CAF_TEST(nobody is told a limit where the machine itself lacks memory) {
  begin();
  CAF_CHECK_EQUAL(read_without_memory(), ec::too_large);
  starving machine{500'000};
  CAF_CHECK_EQUAL(read_without_memory(), ec::unavailable);
}

CAF_TEST(nobody is told a limit for what SQLite was refused before) {
  begin();
  sqlite::note_lack_of_memory(1);
  CAF_CHECK_EQUAL(read_without_memory(), ec::unavailable);
  sqlite::forget_lack_of_memory();
  CAF_CHECK_EQUAL(read_without_memory(), ec::too_large);
}

CAF_TEST_FIXTURE_SCOPE_END()

// What is committed is found by whoever opens the files anew, as they are after a kill:
// also when a write was undone that had not fit into memory, and when the machine lacked
// memory in the midst of a commit. The process that committed would find it all the same.
#define CAF_SUITE sqlite_recovery
#include "actors/storage/sqlite_memory.hpp"
#include "tests/sqlite_fixture.hpp"

#include <caf/test/dsl.hpp>

#include <memory>
#include <new>

using namespace sluice;
using namespace sluice::test;

namespace {

/// Writes pages to the WAL, then some of the last ones again, and fails.
const char* const large_and_wrong[] = {
  "UPDATE t SET x = randomblob(900)", "UPDATE t SET x = randomblob(900) WHERE k > 300",
  "UPDATE t SET x = randomblob(900) WHERE k > 300", "INSERT INTO t VALUES (1, NULL)"};

struct recovery_fixture : sqlite_fixture {
  recovery_fixture() {
    auto config = writer_config();
    config.database.cache_kib = 64; // what does not fit is in the WAL before the commit
    config.refused.directory = directory;
    start_writer(config);
    must("CREATE TABLE t(k INTEGER PRIMARY KEY, x)");
    must("CREATE TABLE done(n)");
    must("WITH c(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM c LIMIT 400) "
         "INSERT INTO t SELECT k, randomblob(900) FROM c");
  }

  static sql_write wrong() {
    sql_write result;
    result.origin = sql_origin::user;
    for (const auto* sql : large_and_wrong)
      result.statements.push_back({sql, {}});
    return result;
  }

  sql_write next() { return one("INSERT INTO done VALUES (?)", {++n_}); }

  int64_t last() const { return n_; }

  /// Notes a number that was answered.
  void note(const caf::expected<sql_receipt>& answer, int64_t n) {
    if (answer)
      acknowledged.push_back(std::to_string(n));
  }

  void write_next(durability level = durability::ram) {
    auto answer = write(next(), level);
    note(answer, n_);
  }

  /// Opens what a SIGKILL would leave.
  std::vector<std::string> found_after_a_kill() {
    const auto other = directory + "/other";
    std::filesystem::create_directory(other);
    for (const auto* suffix : {"", "-wal"})
      std::filesystem::copy_file(path + suffix, other + "/sluice.db" + suffix);
    std::vector<std::string> result;
    {
      onlooker reader{other + "/sluice.db", sqlite::access::read_write};
      CAF_CHECK_EQUAL(reader.ask("PRAGMA integrity_check"),
                      (std::vector<std::string>{"ok"}));
      result = reader.ask("SELECT n FROM done ORDER BY n");
    }
    std::filesystem::remove_all(other);
    return result;
  }

  std::vector<std::string> acknowledged;

private:
  int64_t n_ = 0;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_recovery_tests, recovery_fixture)

CAF_TEST(a large write that fails hides nothing that its neighbours and others commit) {
  auto mine = next();
  auto answers = together({wrong(), mine});
  CAF_CHECK(!answers[0]);
  CAF_REQUIRE(answers[1]);
  note(answers[1], 1);
  for (auto i = 0; i < 40; ++i)
    write_next();
  CAF_CHECK_EQUAL(acknowledged.size(), 41u);
  auto found = found_after_a_kill();
  CAF_CHECK_EQUAL(found, acknowledged);
}

CAF_TEST(nor does a queued one) {
  sql_batch batch;
  batch.spool = "00000000000000000000000000000001";
  batch.writes = {{1, {std::make_shared<sql_write>(wrong())}},
                  {2, {std::make_shared<sql_write>(next())}}};
  auto outcome = ask<sql_batch_outcome>(writer, atom::apply_v, batch);
  CAF_REQUIRE(outcome);
  CAF_CHECK_EQUAL(outcome->dead_letters, 1u);
  CAF_CHECK_EQUAL(outcome->mark.seq, 2u);
  acknowledged.push_back("1");
  for (auto i = 0; i < 40; ++i)
    write_next();
  auto found = found_after_a_kill();
  CAF_CHECK_EQUAL(found, acknowledged);
}

CAF_TEST(whoever cannot tell of a sync spoils no commit) {
  for (auto begins : {true, false}) {
    auto left = 1;
    inside().files().on_sync([&](bool x) {
      if (x == begins && left-- > 0)
        throw std::bad_alloc{};
    });
    for (auto i = 0; i < 10; ++i)
      write_next(durability::disk);
    inside().files().on_sync([](bool) {});
  }
  CAF_CHECK_EQUAL(acknowledged.size(), 20u);
  auto found = found_after_a_kill();
  CAF_CHECK_EQUAL(found, acknowledged);
}

CAF_TEST(that a sync is over is told in the end) {
  std::vector<bool> told;
  auto left = 1;
  inside().files().on_sync([&](bool x) {
    if (!x && left-- > 0)
      throw std::bad_alloc{};
    told.push_back(x);
  });
  write_next(durability::disk);
  inside().files().take();
  CAF_CHECK_EQUAL(told, (std::vector<bool>{true, false}));
  inside().files().on_sync([](bool) {});
}

CAF_TEST(whichever allocation fails within a commit nothing acknowledged is lost) {
  for (size_t spared = 0; spared < 600; spared += 7) {
    auto small = next();
    auto first = acknowledged.size();
    sqlite::starve({.bytes_max = 0, .spared = spared, .times = 1});
    auto answers = together({small, wrong(), one("UPDATE t SET x = randomblob(900)")});
    sqlite::starve({});
    note(answers[0], last());
    write_next();
    CAF_CHECK(acknowledged.size() > first);
    auto found = found_after_a_kill();
    CAF_REQUIRE_EQUAL(found, acknowledged);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()

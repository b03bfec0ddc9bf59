// What reaches the disk, and what happens when the disk fails.
#define CAF_SUITE sqlite_writer_disk
#include "tests/sqlite_fixture.hpp"

#include <fstream>

using namespace sluice;
using namespace sluice::test;

namespace {

struct local : sqlite_fixture {
  local() { begin(writer_config()); }

  void begin(const sqlite_writer_config& config) {
    start_writer(config);
    must("CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b)");
    collect();
  }

  metrics_delta collect() { return ask<metrics_report>(writer, atom::collect_v)->counts; }

  sqlite::vfs& files() { return inside().files(); }

  ec code(int64_t key, durability level = durability::ram) {
    auto receipt = write(one("INSERT INTO t VALUES (?, 'x')", {key}), level);
    return receipt ? ec::none : code_of(receipt.error());
  }

  maintenance_report recover() {
    return *ask<maintenance_report>(writer, atom::recover_v);
  }

  std::string keys() {
    return onlooker{path}.ask("SELECT group_concat(a) FROM t").front();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_writer_disk_tests, local)

// -- synced commits -------------------------------------------------------------

CAF_TEST(nothing is synced that nobody wants synced) {
  must("INSERT INTO t VALUES (1, 1)");
  auto counts = collect();
  CAF_CHECK_EQUAL(counts.disk.syncs, 0u);
  CAF_CHECK(onlooker{path}
              .ask("SELECT name FROM sqlite_schema WHERE name LIKE 'sluice%'")
              .empty());
}

CAF_TEST(a synced commit syncs exactly once and says so) {
  auto receipt = must("INSERT INTO t VALUES (1, 1)", {}, durability::disk);
  CAF_CHECK_EQUAL(receipt.level, durability::disk);
  CAF_CHECK_EQUAL(collect().disk.syncs, 1u);
  CAF_MESSAGE("the next commit is an ordinary one again");
  CAF_CHECK_EQUAL(must("INSERT INTO t VALUES (2, 1)").level, durability::ram);
  CAF_CHECK_EQUAL(collect().disk.syncs, 0u);
}

CAF_TEST(who wants to know of syncs is told of both ends) {
  std::vector<bool> heard;
  auto listener = tracked(sys.spawn([&heard](sync_listener_actor::pointer) {
    return sync_listener_actor::behavior_type{
      [&heard](atom::sync, bool begins) { heard.push_back(begins); }};
  }));
  self->send(writer, atom::attach_v, listener);
  must("INSERT INTO t VALUES (1, 1)");
  CAF_CHECK(heard.empty());
  must("INSERT INTO t VALUES (2, 1)", {}, durability::disk);
  CAF_CHECK_EQUAL(heard, (std::vector<bool>{true, false}));
}

CAF_TEST(a synced group that changes nothing still syncs exactly once) {
  must("INSERT INTO t VALUES (1, 1)");
  must("DELETE FROM t WHERE a = 9", {}, durability::disk);
  collect();
  for (int i = 0; i < 3; ++i) {
    must("DELETE FROM t WHERE a = 9", {}, durability::disk);
    auto counts = collect();
    CAF_CHECK_EQUAL(counts.disk.syncs, 1u);
    CAF_CHECK_EQUAL(counts.commits, 1u);
  }
}

CAF_TEST(many that want their write synced share one sync) {
  std::vector<sql_write> writes;
  for (int64_t i = 0; i < 64; ++i)
    writes.push_back(one("INSERT INTO t VALUES (?, 1)", {i}));
  for (auto& answer : together(writes, durability::disk))
    CAF_CHECK_EQUAL(copy(answer->level), durability::disk);
  CAF_CHECK_EQUAL(collect().disk.syncs, 1u);
}

CAF_TEST(a culprit that wanted a sync leaves no sync behind) {
  must("INSERT INTO t VALUES (1, 1)");
  auto bad = send(one("INSERT OR ROLLBACK INTO t VALUES (1, 1)"), durability::disk);
  auto good = send(one("INSERT INTO t VALUES (2, 1)"));
  pass(commit_delay);
  CAF_CHECK(!receive(bad).engaged());
  CAF_CHECK_EQUAL(copy(receive(good)->level), durability::ram);
  collect();
  must("INSERT INTO t VALUES (3, 1)");
  CAF_CHECK_EQUAL(collect().disk.syncs, 0u);
}

CAF_TEST(with synchronous full every commit is a synced one) {
  auto config = writer_config();
  config.database.synchronous = "full";
  begin(config);
  CAF_CHECK_EQUAL(must("INSERT INTO t VALUES (1, 1)").level, durability::disk);
  CAF_CHECK_EQUAL(collect().disk.syncs, 1u);
}

CAF_TEST(without a WAL it works the same and disk means disk) {
  auto config = writer_config();
  config.database.wal = false;
  config.database.path = path = directory + "/journal.db";
  begin(config);
  CAF_CHECK_EQUAL(stats().opened.journal_mode, "delete");
  CAF_CHECK_EQUAL(must("INSERT INTO t VALUES (1, 1)", {}, durability::disk).level,
                  durability::disk);
  CAF_CHECK_GREATER(collect().disk.syncs, 1u);
  CAF_CHECK_EQUAL(stats().wal.bytes, 0);
  auto report = ask<checkpoint_report>(writer, atom::checkpoint_v,
                                       checkpoint_mode::truncate, caf::timespan{1ms});
  CAF_CHECK(*report == checkpoint_report{});
  CAF_CHECK_EQUAL(keys(), "1");
  CAF_CHECK_EQUAL(copy(ask<stop_report>(writer, atom::stop_v)->detail), "");
}

CAF_TEST(with synchronous off a checkpoint is synced all the same) {
  auto config = writer_config();
  config.database.synchronous = "off";
  begin(config);
  must("INSERT INTO t VALUES (1, 1)");
  CAF_CHECK_EQUAL(collect().disk.syncs, 0u);
  ask<checkpoint_report>(writer, atom::checkpoint_v, checkpoint_mode::passive,
                         caf::timespan{1ms});
  CAF_CHECK_GREATER(collect().disk.syncs, 0u);
}

// -- a disk that fails ----------------------------------------------------------

CAF_TEST(after a failed sync disk is refused until recovery has proven the database) {
  CAF_CHECK_EQUAL(code(1), ec::none);
  files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  CAF_CHECK_EQUAL(code(2, durability::disk), ec::disk_failed);
  CAF_CHECK_EQUAL(code(3, durability::disk), ec::disk_failed);
  CAF_CHECK(stats().suspect);
  auto status = ask<status_report>(writer, atom::status_v);
  CAF_CHECK(!status->checks[0].ok);
  CAF_CHECK_EQUAL(copy(status->checks[0].name), "last-sync");
  CAF_REQUIRE_EQUAL(copy(status->alerts.size()), 1u);
  CAF_CHECK_EQUAL(copy(status->alerts[0].id), "database-io-error");
  CAF_MESSAGE("what need not be on disk goes on");
  CAF_CHECK_EQUAL(code(4), ec::none);
  CAF_MESSAGE("a recovery that fails proves nothing");
  files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  CAF_CHECK(!recover().ok);
  CAF_CHECK_EQUAL(code(5, durability::disk), ec::disk_failed);
  CAF_MESSAGE("one that succeeds does");
  CAF_CHECK(recover().ok);
  CAF_CHECK_EQUAL(code(6, durability::disk), ec::none);
  CAF_CHECK(!stats().suspect);
  status = ask<status_report>(writer, atom::status_v);
  CAF_CHECK(status->checks[0].ok);
  CAF_CHECK(status->alerts.empty());
  CAF_CHECK_EQUAL(copy(status->troubles[0].times), 1u);
  CAF_CHECK_EQUAL(keys(), "1,4,6");
}

CAF_TEST(a write whose sync failed is not brought back by a recovery) {
  CAF_CHECK_EQUAL(code(1), ec::none);
  files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  CAF_CHECK_EQUAL(code(2, durability::disk), ec::disk_failed);
  CAF_CHECK(recover().ok);
  CAF_CHECK_EQUAL(keys(), "1");
  CAF_CHECK_EQUAL(code(2, durability::disk), ec::none);
}

CAF_TEST(a write whose sync failed is not brought back by a death) {
  CAF_CHECK_EQUAL(code(1), ec::none);
  files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  sql_write large = one("INSERT INTO t VALUES (2, zeroblob(100000))");
  CAF_CHECK_EQUAL(code_of(write(large, durability::disk).error()), ec::disk_failed);
  auto left = path + ".left";
  for (auto suffix : {"", "-wal"})
    std::filesystem::copy_file(path + suffix, left + suffix);
  auto found = onlooker{left}.ask("SELECT group_concat(a) FROM t").front();
  CAF_CHECK_EQUAL(found, "1");
}

CAF_TEST(a write that could not be taken back says that it may have been done) {
  auto config = writer_config();
  config.database.synchronous = "full";
  begin(config);
  files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 2);
  auto answer = write(one("INSERT INTO t VALUES (2, 1)"), durability::disk);
  CAF_CHECK(text_of(answer.error()).find("known once the database") != std::string::npos);
}

CAF_TEST(a write that fails is answered as such and those beside it are tried alone) {
  files().fail(sqlite::io_operation::write, sqlite_ioerr_write, 1);
  auto ram = send(one("INSERT INTO t VALUES (1, 1)"));
  auto disk = send(one("INSERT INTO t VALUES (2, 1)"), durability::disk);
  auto also = send(one("INSERT INTO t VALUES (3, 1)"));
  pass(commit_delay);
  CAF_CHECK(receive(ram).engaged());
  CAF_CHECK_EQUAL(code_of(receive(disk).error()), ec::disk_failed);
  CAF_CHECK(receive(also).engaged());
  CAF_CHECK(stats().suspect);
  CAF_CHECK_EQUAL(keys(), "1,3");
}

CAF_TEST(a failed checkpoint makes the database suspect) {
  files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  auto report = ask<checkpoint_report>(writer, atom::checkpoint_v,
                                       checkpoint_mode::passive, caf::timespan{1ms});
  CAF_CHECK_EQUAL(code_of(report.error()), ec::disk_failed);
  CAF_CHECK_EQUAL(code(1, durability::disk), ec::disk_failed);
}

CAF_TEST(a full disk harms only what does not fit) {
  CAF_CHECK_EQUAL(code(1), ec::none);
  CAF_MESSAGE("the commit of all does not fit, each alone does");
  files().fail(sqlite::io_operation::write, sqlite_full, 1);
  for (auto& answer :
       together({one("INSERT INTO t VALUES (2, 1)"), one("INSERT INTO t VALUES (3, 1)")}))
    CAF_CHECK(answer.engaged());
  CAF_MESSAGE("a write that does not fit says so, and the next one is none the worse");
  files().fail(sqlite::io_operation::write, sqlite_full, 2); // of it, and of a trial
  CAF_CHECK_EQUAL(code(4), ec::disk_full);
  CAF_CHECK_EQUAL(code(5, durability::disk), ec::none);
  CAF_CHECK(!stats().suspect);
  CAF_CHECK_EQUAL(keys(), "1,2,3,5");
}

CAF_TEST(a database at its page limit refuses what grows it and nothing else) {
  auto pages = onlooker{path}.ask("PRAGMA page_count").front();
  sql_write limit = one("PRAGMA max_page_count = " + pages);
  limit.origin = sql_origin::sluice;
  CAF_REQUIRE(write(limit).engaged());
  auto answers = together({one("INSERT INTO t VALUES (1, 1)"),
                           one("INSERT INTO t VALUES (2, zeroblob(100000))"),
                           one("INSERT INTO t VALUES (3, 1)")});
  CAF_CHECK(answers[0].engaged());
  CAF_MESSAGE("SQLite calls that full, but the disk has room");
  CAF_CHECK_EQUAL(code_of(answers[1].error()), ec::refused);
  CAF_CHECK(answers[2].engaged());
  CAF_CHECK_EQUAL(keys(), "1,3");
}

CAF_TEST(recovery finds a damaged page and goes on refusing) {
  CAF_CHECK_EQUAL(code(1), ec::none);
  CAF_REQUIRE(!ask<checkpoint_report>(writer, atom::checkpoint_v,
                                      checkpoint_mode::truncate, caf::timespan{1ms})
                 ->busy);
  files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  CAF_REQUIRE_EQUAL(code(2, durability::disk), ec::disk_failed);
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekp(4096);
  file << std::string(4096, 'x');
  file.close();
  auto report = recover();
  CAF_CHECK(!report.ok);
  CAF_CHECK(!report.errors.empty());
  CAF_CHECK(stats().suspect);
  CAF_CHECK_NOT_EQUAL(code(3, durability::disk), ec::none);
}

CAF_TEST(stopping with a reader in the way still brings everything to disk) {
  CAF_CHECK_EQUAL(code(1), ec::none);
  onlooker other{path};
  auto held = other.db.prepare("SELECT * FROM t", sql_origin::user);
  CAF_REQUIRE(held->step().engaged());
  CAF_CHECK_EQUAL(code(2), ec::none);
  collect();
  auto report = ask<stop_report>(writer, atom::stop_v);
  CAF_CHECK_EQUAL(copy(report->detail), "");
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(copy(onlooker{path}.ask("SELECT count(*) FROM sluice_sync").front()),
                  "1");
}

CAF_TEST_FIXTURE_SCOPE_END()

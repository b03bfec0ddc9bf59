// What the writer answers when its files are replaced: before a commit, and while it
// commits.
#define CAF_SUITE sqlite_writer_files
#include "tests/sqlite_fixture.hpp"

#include <filesystem>

using namespace sluice;
using namespace sluice::test;

namespace fs = std::filesystem;

namespace {

struct local : sqlite_fixture {
  local() {
    start_writer();
    must("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    must("INSERT INTO t VALUES (1, 1)");
    auto done = ask<checkpoint_report>(writer, atom::checkpoint_v,
                                       checkpoint_mode::truncate, caf::timespan{1ms});
    CAF_REQUIRE(done.engaged());
    fs::copy_file(path, backup);
    must("INSERT INTO t VALUES (2, 2)");
    listener = tracked(sys.spawn([this](files_listener_actor::pointer) {
      return files_listener_actor::behavior_type{
        [this](atom::replace, const std::string& what) { told.push_back(what); },
        [this](atom::recover, const std::string& why) { doubts.push_back(why); }};
    }));
    self->send(writer, atom::attach_v, listener);
    settle();
  }

  maintenance_report recover() {
    return *ask<maintenance_report>(writer, atom::recover_v);
  }

  void put_backup_in_place() { fs::rename(backup, path); }

  /// Does this once, while the writer syncs its next commit.
  void during_sync(std::function<void()> what) {
    inside().files().on_sync([what, done = false](bool begins) mutable {
      if (begins && !std::exchange(done, true))
        what();
    });
  }

  std::string rows() {
    return onlooker{path}.ask("SELECT group_concat(a) FROM t").front();
  }

  std::vector<alert> alerts() {
    return ask<status_report>(writer, atom::status_v)->alerts;
  }

  std::string backup = directory + "/backup.db";
  files_listener_actor listener;
  std::vector<std::string> told;
  std::vector<std::string> doubts;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_writer_files_tests, local)

CAF_TEST(a write waits until the writer goes on in what is there now) {
  put_backup_in_place();
  auto answer = send(one("INSERT INTO t VALUES (3, 3)"), durability::disk);
  pass(commit_delay);
  CAF_CHECK_EQUAL(told.size(), 1u);
  CAF_CHECK(recover().ok);
  auto receipt = receive(answer);
  CAF_REQUIRE(receipt.engaged());
  CAF_CHECK_EQUAL(copy(receipt->level), durability::disk);
  CAF_CHECK_EQUAL(rows(), "1,3");
  CAF_CHECK_EQUAL(told.size(), 1u);
  CAF_REQUIRE_EQUAL(alerts().size(), 1u);
  CAF_CHECK_EQUAL(copy(alerts()[0].id), "database-file-replaced");
}

CAF_TEST(a write that was committed into a replaced database is not acknowledged) {
  during_sync([this] { put_backup_in_place(); });
  auto answer = send(one("INSERT INTO t VALUES (3, 3)"), durability::disk);
  pass(commit_delay);
  CAF_CHECK(recover().ok);
  auto receipt = receive(answer);
  CAF_REQUIRE(!receipt);
  CAF_CHECK_EQUAL(code_of(receipt.error()), ec::unavailable);
  CAF_CHECK_NOT_EQUAL(text_of(receipt.error()).find(path + ".replaced-1"),
                      std::string::npos);
  CAF_CHECK_EQUAL(rows(), "1");
  CAF_CHECK_EQUAL(
    copy(onlooker{path + ".replaced-1"}.ask("SELECT group_concat(a) FROM t").front()),
    "1,2,3");
}

CAF_TEST(a write that was committed into a WAL that is gone is saved and acknowledged) {
  during_sync([this] { fs::remove(path + "-wal"); });
  auto answer = send(one("INSERT INTO t VALUES (3, 3)"), durability::disk);
  pass(commit_delay);
  CAF_CHECK(recover().ok);
  CAF_CHECK(receive(answer).engaged());
  CAF_CHECK_EQUAL(rows(), "1,2,3");
}

CAF_TEST(writes are refused as long as the directory is away) {
  auto away = directory + "-away";
  fs::rename(directory, away);
  auto answer = send(one("INSERT INTO t VALUES (3, 3)"));
  pass(commit_delay);
  CAF_CHECK(!recover().ok);
  CAF_CHECK_EQUAL(code_of(receive(answer).error()), ec::unavailable);
  CAF_CHECK_EQUAL(code_of(write(one("INSERT INTO t VALUES (3, 3)")).error()),
                  ec::unavailable);
  CAF_CHECK(!recover().ok);
  fs::rename(away, directory);
  CAF_CHECK(recover().ok);
  must("INSERT INTO t VALUES (4, 4)");
  CAF_CHECK_EQUAL(rows(), "1,2,4");
  CAF_MESSAGE("and nobody need look after it");
  CAF_CHECK(alerts().empty());
}

CAF_TEST(a directory that came back before anybody looked again is as it was) {
  auto away = directory + "-away";
  fs::rename(directory, away);
  auto answer = send(one("INSERT INTO t VALUES (3, 3)"));
  pass(commit_delay);
  fs::rename(away, directory);
  CAF_CHECK(recover().ok);
  CAF_CHECK(receive(answer).engaged());
  CAF_CHECK_EQUAL(rows(), "1,2,3");
  CAF_CHECK(!sqlite::find_saved(path));
  CAF_CHECK(alerts().empty());
}

CAF_TEST(a batch of the queue is applied once by the mark of what is there now) {
  sql_batch batch{"s", 0, {}, durability::disk};
  batch.writes.push_back(
    {1, {std::make_shared<const sql_write>(one("INSERT INTO t VALUES (3, 3)"))}});
  during_sync([this] { put_backup_in_place(); });
  auto answer = self->request(writer, caf::infinite, atom::apply_v, batch);
  settle();
  CAF_CHECK(recover().ok);
  sql_batch_outcome outcome;
  answer.receive([&](sql_batch_outcome& x) { outcome = std::move(x); },
                 [](caf::error& err) { CAF_FAIL(text_of(err)); });
  CAF_CHECK_EQUAL(outcome.code, ec::none);
  CAF_CHECK_EQUAL(outcome.mark.seq, 1u);
  CAF_CHECK_EQUAL(rows(), "1,3");
}

CAF_TEST(the end saves what was replaced and nobody noticed) {
  put_backup_in_place();
  auto report = ask<stop_report>(writer, atom::stop_v);
  CAF_REQUIRE(report.engaged());
  CAF_CHECK_NOT_EQUAL(copy(report->detail).find(".replaced-1"), std::string::npos);
  CAF_CHECK_EQUAL(rows(), "1");
}

CAF_TEST(a checkpoint that meets an error tells whoever brings the database back) {
  must("INSERT INTO t VALUES (3, 3)");
  inside().files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 1);
  auto done = ask<checkpoint_report>(writer, atom::checkpoint_v,
                                     checkpoint_mode::truncate, caf::timespan{1ms});
  CAF_CHECK(!done.engaged());
  settle();
  CAF_CHECK_EQUAL(doubts.size(), 1u);
  CAF_MESSAGE("once, until it is recovered");
  CAF_CHECK(!write(one("INSERT INTO t VALUES (4, 4)"), durability::disk).engaged());
  settle();
  CAF_CHECK_EQUAL(doubts.size(), 1u);
  CAF_CHECK(recover().ok);
}

CAF_TEST_FIXTURE_SCOPE_END()

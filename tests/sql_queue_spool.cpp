// What a process leaves in the spool is applied by the next one, each write once; and
// what a failing disk takes back is applied again.
#define CAF_SUITE sql_queue_spool
#include "tests/sql_queue_fixture.hpp"

#include "actors/database/sql_codec.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct local : queue_fixture {
  local() {
    start_with_spool();
    make_table();
  }

  /// Dies and starts again; the spool stays, as after SIGKILL.
  void restart() {
    die();
    start_with_spool();
  }

  /// Dies and starts again with an empty spool, as after a reboot.
  void reboot() {
    die();
    std::filesystem::remove_all(ram.config.dir);
    start_with_spool();
  }

  /// Puts bytes into the queue's lane behind everybody's back.
  void plant(const std::string& bytes) {
    auto seq = lane().appended + 1;
    auto id = ram.aut->lane(lane_kind::queue, "sql");
    CAF_REQUIRE(!ram.aut->append(id, seq, 1, bytes));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sql_queue_spool_tests, local)

// -- exactly once -----------------------------------------------------------------

CAF_TEST(with a spool the level is ram and the credit comes back at once) {
  auto wallet = std::make_shared<budget>(size_t{1'000});
  auto [charge, drawn] = wallet->try_draw(600);
  CAF_REQUIRE(drawn);
  auto receipt = get<queue_receipt>(
    uut, atom::append_v, queue_request{insert(1), std::exchange(charge, {}), {}});
  CAF_CHECK_EQUAL(receipt.level, durability::ram);
  CAF_CHECK_EQUAL(wallet->used_bytes(), 0u);
  CAF_CHECK_EQUAL(count(), "0");
}

CAF_TEST(what waited when the process died is applied once by the next) {
  for (int64_t i = 1; i <= 10; ++i)
    append(insert(i));
  restart();
  CAF_CHECK_EQUAL(numbers().restored, 10u);
  flush();
  CAF_CHECK_EQUAL(keys(), "1,2,3,4,5,6,7,8,9,10");
  CAF_CHECK_EQUAL(dead(), "");
  restart();
  flush();
  CAF_CHECK_EQUAL(count(), "10");
  CAF_CHECK_EQUAL(dead(), "");
  CAF_MESSAGE("the numbers go on");
  CAF_CHECK_EQUAL(append(insert(11)).seq, 11u);
}

CAF_TEST(a commit that the spool was not told of is not applied twice) {
  auto id = ram.aut->id();
  append(one("INSERT INTO t(b) VALUES ('x')"));
  append(one("INSERT INTO t(b) VALUES ('y')"));
  CAF_MESSAGE("GIVEN a process that died behind its commit of the first write");
  sql_batch first{id, 0, {}, durability::ram};
  first.writes.push_back(
    {1, {std::make_shared<const sql_write>(one("INSERT INTO t(b) VALUES ('x')"))}});
  CAF_CHECK_EQUAL(copy(get<sql_batch_outcome>(writer, atom::apply_v, first).mark.seq),
                  1u);
  restart();
  flush();
  CAF_CHECK_EQUAL(ask_file("SELECT group_concat(b) FROM t"), "x,y");
}

CAF_TEST(a fresh spool counts from one and is not taken for the old) {
  for (int64_t i = 1; i <= 100; ++i)
    append(insert(i));
  flush();
  CAF_REQUIRE(count() == "100");
  reboot();
  for (int64_t i = 101; i <= 110; ++i)
    CAF_CHECK_EQUAL(append(insert(i)).seq, static_cast<uint64_t>(i) - 100);
  restart();
  flush();
  CAF_CHECK_EQUAL(ask_file("SELECT count(*) FROM t WHERE a > 100"), "10");
  CAF_CHECK_EQUAL(count(), "110");
  CAF_CHECK_EQUAL(dead(), "");
}

CAF_TEST(a run without the spool does not make its marks forgotten) {
  append(one("INSERT INTO t(b) VALUES ('x')"));
  flush();
  die();
  start();
  append(one("INSERT INTO t(b) VALUES ('y')"));
  flush();
  restart();
  flush();
  CAF_CHECK_EQUAL(ask_file("SELECT group_concat(b) FROM t"), "x,y");
}

CAF_TEST(a database put in the place of another does not get what that one got) {
  append(insert(0));
  persist(1);
  append(insert(1));
  flush();
  append(insert(2));
  flush();
  append(insert(3));
  die();
  for (const auto* end : {"", "-wal", "-shm"})
    std::filesystem::remove(path + end);
  {
    CAF_MESSAGE("GIVEN another database that has a queue's mark of its own");
    start();
    make_table();
    append(insert(7));
    flush();
  }
  restart();
  flush();
  CAF_CHECK_EQUAL(keys(), "3,7");
}

CAF_TEST(what is released is gone and what is only committed is kept) {
  append(insert(1));
  flush();
  CAF_CHECK_EQUAL(lane().written, 1u);
  CAF_CHECK_EQUAL(lane().released, 0u);
  must("INSERT INTO t VALUES (9, 1)", {}, durability::disk);
  CAF_CHECK_EQUAL(lane().released, 1u);
  append(insert(2));
  flush();
  get<checkpoint_report>(writer, atom::checkpoint_v, checkpoint_mode::truncate,
                         caf::timespan{1ms});
  settle();
  CAF_CHECK_EQUAL(lane().released, 2u);
  append(insert(3));
  persist(3);
  CAF_CHECK_EQUAL(lane().released, 3u);
}

CAF_TEST(a stop leaves nothing in the spool) {
  append(insert(1));
  auto report = get<stop_report>(uut, atom::stop_v);
  CAF_CHECK_EQUAL(report.drained, 1u);
  CAF_CHECK_EQUAL(lane().released, 1u);
}

CAF_TEST(a stop that the database refuses leaves the rest in the spool) {
  {
    onlooker other{path, sqlite::access::read_write};
    CAF_REQUIRE(!other.db.run("BEGIN IMMEDIATE"));
    append(insert(1));
    auto report = get<stop_report>(uut, atom::stop_v);
    CAF_CHECK_EQUAL(report.drained, 0u);
    CAF_CHECK_EQUAL(report.left, 1u);
    CAF_CHECK(!report.detail.empty());
  }
  restart();
  flush();
  CAF_CHECK_EQUAL(keys(), "1");
}

CAF_TEST(a full spool refuses the write and applies what waits) {
  auto text = std::string(100'000, 'x');
  auto code = ec::none;
  int64_t accepted = 0;
  onlooker other{path, sqlite::access::read_write};
  CAF_REQUIRE(!other.db.run("BEGIN IMMEDIATE"));
  while (code == ec::none && accepted < 100) {
    auto receipt = try_append(insert(accepted, text));
    code = receipt ? ec::none : code_of(receipt.error());
    accepted += receipt ? 1 : 0;
  }
  CAF_CHECK_EQUAL(code, ec::overloaded);
  CAF_REQUIRE(!other.db.run("ROLLBACK"));
  pass(10s);
  CAF_CHECK_EQUAL(count(), std::to_string(accepted));
  CAF_CHECK(try_append(insert(accepted, text)).engaged());
}

CAF_TEST(when the spool is gone writes are taken in memory and ram is refused) {
  append(insert(1));
  std::filesystem::remove_all(ram.config.dir);
  flush();
  CAF_CHECK_EQUAL(append(insert(2)).level, durability::memory);
  CAF_CHECK_EQUAL(code_of(try_append(insert(3), durability::ram).error()),
                  ec::unavailable);
  flush();
  persist(all_writes);
  CAF_MESSAGE("and with a new one they are safe again");
  CAF_REQUIRE(!ram.aut->renew());
  CAF_CHECK_EQUAL(append(insert(4)).level, durability::ram);
  restart();
  flush();
  CAF_CHECK_EQUAL(keys(), "1,2,4");
}

CAF_TEST(what is applied under a new spool is not applied again after a restart) {
  append(insert(1));
  std::filesystem::remove_all(ram.config.dir);
  flush();
  persist(all_writes);
  CAF_REQUIRE(!ram.aut->renew());
  append(insert(2));
  flush();
  append(insert(3));
  restart();
  flush();
  CAF_CHECK_EQUAL(keys(), "1,2,3");
  CAF_CHECK_EQUAL(dead_lines(), 0u);
}

// -- what cannot be applied -------------------------------------------------------

CAF_TEST(a record that cannot be read is set aside with its bytes) {
  append(insert(1));
  plant("\x01garbage");
  plant(encode(insert(2), ""));
  restart();
  flush();
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(dead_lines(), 1u);
  CAF_CHECK(dead().find("\"record\":{\"$blob\":\"AWdhcmJhZ2U=\"}") != std::string::npos);
  restart();
  flush();
  CAF_CHECK_EQUAL(dead_lines(), 1u);
}

CAF_TEST(a record that ended two starts is set aside by the third) {
  for (int64_t i = 1; i <= 3; ++i)
    append(insert(i));
  auto id = ram.aut->lane(lane_kind::queue, "sql");
  for (int i = 0; i < 2; ++i) {
    die();
    ram.reopen();
    ram.aut->begin_replay(id, 1);
  }
  restart();
  flush();
  CAF_CHECK_EQUAL(keys(), "2,3");
  CAF_CHECK_EQUAL(dead_lines(), 1u);
  CAF_CHECK(dead().find("\"seq\":1,") != std::string::npos);
  CAF_CHECK(dead().find("died 2 times") != std::string::npos);
  restart();
  flush();
  CAF_CHECK_EQUAL(keys(), "2,3");
}

CAF_TEST(after a start that died the suspects are applied one by one) {
  for (int64_t i = 1; i <= 3; ++i)
    append(insert(i));
  auto id = ram.aut->lane(lane_kind::queue, "sql");
  die();
  ram.reopen();
  ram.aut->begin_replay(id, 1);
  restart();
  flush();
  CAF_CHECK_EQUAL(keys(), "1,2,3");
  CAF_MESSAGE("behind a commit that shows that the database can be written");
  CAF_CHECK_EQUAL(commits(), 4u);
}

// -- a disk that fails ------------------------------------------------------------

CAF_TEST(while the database is suspect nothing is applied and disk is refused) {
  append(insert(1));
  files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 3);
  auto asked = self->request(uut, caf::infinite, atom::persist_v, uint64_t{1});
  settle();
  CAF_CHECK(alerts().find("sql-queue-write-failed ") != std::string::npos);
  CAF_CHECK_EQUAL(numbers().queued, 1u);
  CAF_MESSAGE("once it is proven sound the same request is answered");
  for (int i = 0; i < 30; ++i)
    pass(1s);
  asked.receive([](durability x) { CAF_CHECK_EQUAL(x, durability::disk); },
                [](caf::error& err) { CAF_FAIL(text_of(err)); });
  CAF_CHECK_EQUAL(keys(), "1");
  CAF_CHECK_EQUAL(alerts(), "");
}

CAF_TEST(commits that a failing disk took back are applied again) {
  append(insert(1));
  persist(1);
  append(insert(2));
  flush();
  append(insert(3));
  flush();
  CAF_CHECK_EQUAL(keys(), "1,2,3");
  CAF_MESSAGE("GIVEN a database that comes back with the first commit alone");
  must("DELETE FROM t WHERE a > 1");
  sql_write back = one("UPDATE sluice_queue SET seq = 1");
  back.origin = sql_origin::sluice;
  CAF_REQUIRE(write(back).engaged());
  CAF_REQUIRE(get<maintenance_report>(writer, atom::recover_v).ok);
  settle();
  CAF_CHECK_EQUAL(keys(), "1,2,3");
  CAF_CHECK_EQUAL(alerts(), "");
  CAF_CHECK_EQUAL(append(insert(4)).seq, 4u);
  CAF_CHECK_EQUAL(persist(4), durability::disk);
  CAF_CHECK_EQUAL(count(), "4");
}

CAF_TEST(what a failing disk took back counts as not written until it is applied again) {
  append(insert(1));
  persist(1);
  append(insert(2));
  flush();
  CAF_REQUIRE_EQUAL(lane().written, 2u);
  must("DELETE FROM t WHERE a > 1");
  sql_write back = one("UPDATE sluice_queue SET seq = 1");
  back.origin = sql_origin::sluice;
  CAF_REQUIRE(write(back).engaged());
  CAF_MESSAGE("GIVEN a database that came back and is full now");
  files().fail(sqlite::io_operation::write, sqlite_full, 1);
  self->send(uut, atom::recover_v, queue_mark{{}, ram.aut->id(), 1});
  settle();
  CAF_CHECK_EQUAL(keys(), "1");
  CAF_CHECK_EQUAL(lane().written, 1u);
  for (int i = 0; i < 30; ++i)
    pass(1s);
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(lane().written, 2u);
}

CAF_TEST(commits that are lost and kept nowhere are told) {
  die();
  start();
  append(insert(1));
  flush();
  sql_write back = one("UPDATE sluice_queue SET seq = 0");
  back.origin = sql_origin::sluice;
  CAF_REQUIRE(write(back).engaged());
  append(insert(2));
  flush();
  CAF_CHECK_EQUAL(alerts(), "sql-queue-lost ");
  CAF_CHECK_EQUAL(keys(), "1,2");
  CAF_CHECK_EQUAL(persist(all_writes), durability::disk);
}

CAF_TEST_FIXTURE_SCOPE_END()

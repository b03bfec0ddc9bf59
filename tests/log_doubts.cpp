// What a sync that failed, or that a death cut short, leaves to the next start: the
// kernel tells of lost pages once, so the lines are written again and not compared.
#define CAF_SUITE log_doubts
#include "tests/log_spool_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Never answers, as a syncer whose device hangs.
file_syncer_actor::behavior_type hanging_syncer(file_syncer_actor::pointer self) {
  return {
    [self](atom::sync, const file_handle&) -> caf::result<io_counts> {
      return self->make_response_promise<io_counts>();
    },
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
  };
}

struct doubts_fixture : log_spool_fixture {
  /// A log with one line on disk, and another whose sync has failed.
  void fail_a_sync() {
    start();
    leave_doubtful_line();
  }

  /// Takes the spool's room for another log, whose lines are written at once.
  void make_room_short() {
    auto other = keep->lane(lane_kind::log, "other");
    for (uint64_t seq = 1; seq < 400; ++seq)
      if (!keep->append(other, seq, 1, std::string(4000, 'x')))
        keep->written(other, seq);
  }

  /// With a device that hangs.
  void start_hanging() {
    log_writer_config config;
    config.directory = dir / "logs";
    config.identity_file = dir / "id";
    config.spool = keep;
    config.make_syncer = [this] { return tracked(sys.spawn(hanging_syncer)); };
    writer = tracked(sys.spawn(log_writer, std::move(config)));
    start_buffer();
  }

  void start_and_sync() {
    start();
    CAF_CHECK_EQUAL(persist(), durability::disk);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_doubts_tests, doubts_fixture)

CAF_TEST(a failed sync is remembered over a death and its lines are written again) {
  fail_a_sync();
  die();
  CAF_MESSAGE("GIVEN the page cache shows the lines and the disk never got them");
  start_and_sync();
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\n");
  CAF_CHECK_EQUAL(writer_counts("bytesWritten"), 9);
  CAF_CHECK_EQUAL(kept().released, 2u);
  CAF_CHECK(!kept().doubt.has_value());
}

CAF_TEST(pages that the kernel dropped are written again after a death) {
  fail_a_sync();
  die();
  drop_pages(5, 9);
  start_and_sync();
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\n");
  CAF_CHECK(!writer_alerts("log-tail-foreign"));
  CAF_CHECK(!writer_alerts("log-set-aside"));
}

CAF_TEST(what was written behind a failed sync follows it after a death) {
  fail_a_sync();
  *failing_syncs = 100;
  append("later\n");
  flush();
  append("latest\n");
  die();
  *failing_syncs = 0;
  drop_pages(5, 9);
  start_and_sync();
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\nlater\nlatest\n");
}

CAF_TEST(a death in a sync may have swallowed its failure) {
  start_hanging();
  append("doubtful\n");
  ask_for_disk();
  die();
  drop_pages(0, 9);
  start_and_sync();
  CAF_CHECK_EQUAL(file(), "doubtful\n");
}

CAF_TEST(what others wrote behind a sync that a death cut short stays behind its lines) {
  start_hanging();
  append("doubtful\n");
  ask_for_disk();
  die();
  std::ofstream{path, std::ios::app} << "theirs\n";
  drop_pages(0, 9);
  start_and_sync();
  CAF_CHECK_EQUAL(file(), "doubtful\ntheirs\n");
  CAF_CHECK_EQUAL(writer_counts("bytesWritten"), 9);
  CAF_CHECK(!fs::exists(path + ".aside-1"));
  CAF_CHECK(!writer_alerts("log-set-aside"));
  CAF_CHECK_EQUAL(kept().released, 1u);
  CAF_CHECK(!kept().doubt.has_value());
}

CAF_TEST(so does what they wrote behind one whose failure was told) {
  fail_a_sync();
  *failing_syncs = 100;
  append("later\n");
  flush();
  die();
  *failing_syncs = 0;
  std::ofstream{path, std::ios::app} << "theirs\n";
  start();
  append("latest\n");
  CAF_CHECK_EQUAL(persist(), durability::disk);
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\nlater\ntheirs\nlatest\n");
  CAF_CHECK(!fs::exists(path + ".aside-1"));
  CAF_CHECK_EQUAL(kept().released, 4u);
}

CAF_TEST(and what they wrote to a file that was renamed since) {
  start_hanging();
  append("doubtful\n");
  ask_for_disk();
  die();
  drop_pages(0, 9);
  fs::rename(path, dir / "logs/app.log.1");
  std::ofstream{dir / "logs/app.log.1", std::ios::app} << "theirs\n";
  start_and_sync();
  CAF_CHECK_EQUAL(file(), "");
  CAF_CHECK_EQUAL(read_file(dir / "logs/app.log.1"), "doubtful\ntheirs\n");
  CAF_CHECK_EQUAL(kept().released, 1u);
}

CAF_TEST(a batch that was begun behind a failed sync is in the file once) {
  for (size_t part = 0; part <= 6; ++part) {
    fs::remove(path);
    auto seq = kept().appended;
    fail_a_sync();
    auto where = start_of_file();
    where.offset = 14;
    auto id = keep->lane(lane_kind::log, "app");
    CAF_REQUIRE(!keep->append(id, seq + 3, 1, "begun\n"));
    keep->begin_batch(id, {where, seq + 3, seq + 3});
    die();
    std::ofstream{path, std::ios::app} << std::string("begun\n").substr(0, part);
    start_and_sync();
    CAF_CHECK_EQUAL(file(), "kept\ndoubtful\nbegun\n");
    CAF_CHECK(!writer_alerts("log-tail-foreign"));
    die();
  }
}

CAF_TEST(a death in the middle of the mend leaves it to the next start) {
  for (size_t length = 0; length <= 9; ++length) {
    fs::remove(path);
    auto seq = kept().appended;
    fail_a_sync();
    auto where = start_of_file();
    where.offset = 5;
    keep->begin_batch(keep->lane(lane_kind::log, "app"), {where, seq + 2, seq + 2});
    die();
    fs::resize_file(path, 5 + length);
    start_and_sync();
    CAF_CHECK_EQUAL(file(), "kept\ndoubtful\n");
    CAF_CHECK(!writer_alerts("log-tail-foreign"));
    die();
  }
}

CAF_TEST(a file that others changed since its sync failed is set aside at the start) {
  fail_a_sync();
  die();
  write_file(path, "kept\ntheirs\ndoubtful\n");
  start_and_sync();
  CAF_CHECK_EQUAL(file(), "doubtful\n");
  CAF_CHECK_EQUAL(read_file(path + ".aside-1"), "kept\ntheirs\ndoubtful\n");
  CAF_CHECK(writer_alerts("log-set-aside"));
  CAF_MESSAGE("AND the next start has nothing left to do");
  die();
  start_and_sync();
  CAF_CHECK_EQUAL(file(), "doubtful\n");
}

CAF_TEST(a file that was renamed since its sync failed is mended under its new name) {
  fail_a_sync();
  die();
  fs::rename(path, dir / "logs/app.log.1");
  std::fstream{dir / "logs/app.log.1", std::ios::in | std::ios::out}.seekp(5)
    << std::string(9, '\0');
  start();
  append("new\n");
  ask_for_disk();
  for (int i = 0; i < 5; ++i)
    pass(1s);
  CAF_CHECK_EQUAL(read_file(dir / "logs/app.log.1"), "kept\ndoubtful\n");
  CAF_CHECK_EQUAL(file(), "new\n");
  CAF_CHECK_EQUAL(kept().released, 3u);
}

CAF_TEST(a batch that was begun in a file renamed since is finished there once) {
  for (size_t part = 0; part <= 6; ++part) {
    for (auto name : {"logs/app.log", "logs/app.log.1"})
      fs::remove(dir / name);
    auto seq = kept().appended;
    fail_a_sync();
    *failing_syncs = 100;
    append("later\n");
    flush();
    *failing_syncs = 0;
    auto where = start_of_file();
    where.offset = 20;
    auto id = keep->lane(lane_kind::log, "app");
    CAF_REQUIRE(!keep->append(id, seq + 4, 1, "begun\n"));
    keep->begin_batch(id, {where, seq + 4, seq + 4});
    die();
    std::ofstream{path, std::ios::app} << std::string("begun\n").substr(0, part);
    drop_pages(5, 9);
    fs::rename(path, dir / "logs/app.log.1");
    start();
    append("new\n");
    flush();
    ask_for_disk();
    for (int i = 0; i < 3; ++i)
      pass(1s);
    CAF_CHECK_EQUAL(read_file(dir / "logs/app.log.1"), "kept\ndoubtful\nlater\nbegun\n");
    CAF_CHECK_EQUAL(file(), "new\n");
    CAF_CHECK_EQUAL(kept().released, seq + 5);
    die();
  }
}

CAF_TEST(another file of the same number is not cut) {
  fail_a_sync();
  die();
  fs::rename(path, dir / "logs/other.log");
  write_file(dir / "logs/other.log", "another one\n");
  start_and_sync();
  CAF_CHECK_EQUAL(read_file(dir / "logs/other.log"), "another one\n");
  CAF_CHECK_EQUAL(file(), "doubtful\n");
}

CAF_TEST(a mend that the disk refuses at a start is tried again) {
  fail_a_sync();
  die();
  drop_pages(5, 9);
  {
    small_disk disk{8};
    start();
    CAF_CHECK_EQUAL((refusal<log_tail>(writer, atom::tail_v, "app"s, tail_bounds{1})),
                    ec::disk_full);
  }
  CAF_CHECK_EQUAL(persist(), durability::disk);
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\n");
}

CAF_TEST(lines that the spool gave up are not lost by a mend that fails) {
  open_spool(small);
  start();
  append("kept\n");
  CAF_CHECK_EQUAL(persist(), durability::disk);
  append("doubtful\n");
  flush();
  make_room_short();
  CAF_REQUIRE(keep->read(keep->lane(lane_kind::log, "app"), 1).empty());
  *failing_syncs = 1;
  ask_for_disk();
  {
    small_disk disk{8};
    pass(10s);
    CAF_CHECK_EQUAL(file(), "kept\n");
  }
  append("later\n");
  flush();
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\nlater\n");
  CAF_CHECK_EQUAL(persist(), durability::disk);
}

CAF_TEST(lines that the spool gave up before a failed sync are written again too) {
  open_spool(small);
  start();
  append("doubtful\n");
  flush();
  make_room_short();
  *failing_syncs = 1;
  ask_for_disk();
  die();
  start_and_sync();
  CAF_CHECK_EQUAL(writer_counts("bytesWritten"), 9);
  CAF_CHECK_EQUAL(file(), "doubtful\n");
}

CAF_TEST(what a failed sync has put in doubt does not give way when room is short) {
  open_spool(small);
  fail_a_sync();
  make_room_short();
  die();
  drop_pages(5, 9);
  start_and_sync();
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\n");
}

CAF_TEST(a sync that hangs is told) {
  start_hanging();
  append("a\n");
  ask_for_disk();
  auto told = [this] { return alerts_of(aut, "log-sync-slow"); };
  pass(5s - 1ns);
  CAF_CHECK(!told());
  pass(1ns);
  CAF_CHECK(told());
}

CAF_TEST_FIXTURE_SCOPE_END()

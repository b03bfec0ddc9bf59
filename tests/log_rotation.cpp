// What logs with a spool promise when somebody renames or deletes their files: each line
// is in one of them, once, and `disk` means the files that lost their names too.
#define CAF_SUITE log_rotation
#include "tests/disk_calls.hpp"
#include "tests/log_spool_fixture.hpp"

#include <chrono>
#include <thread>

using namespace sluice;
using namespace sluice::test;

namespace {

/// Syncs that are under way until the test has them run, or asks their syncer for its
/// status: then they are answered.
struct held_syncs {
  file_syncer_actor by;
  std::vector<std::pair<file_handle, caf::typed_response_promise<io_counts>>> all;
};

file_syncer_actor::behavior_type holding_syncer(file_syncer_actor::pointer self,
                                                const std::shared_ptr<held_syncs>& held) {
  return {
    [self, held](atom::sync, const file_handle& x) -> caf::result<io_counts> {
      held->all.emplace_back(x, self->make_response_promise<io_counts>());
      return held->all.back().second;
    },
    [held](atom::status) {
      for (auto& [handle, answer] : held->all)
        if (auto err = handle.sync->run())
          answer.deliver(std::move(err));
        else
          answer.deliver(io_counts{});
      return status_report{};
    },
    [](atom::stop) { return stop_report{}; },
  };
}

struct rotation_fixture : log_spool_fixture {
  /// With syncs that the test holds up.
  void start_holding() {
    log_writer_config config;
    config.directory = dir / "logs";
    config.identity_file = dir / "id";
    config.spool = keep;
    config.make_syncer = [this] {
      return held->by = tracked(sys.spawn(holding_syncer, held));
    };
    writer = tracked(sys.spawn(log_writer, std::move(config)));
  }

  /// As a buffer sends it.
  log_outcome write(uint64_t seq, const std::string& line,
                    std::vector<uint64_t> replayed = {}) {
    log_batch batch{"app", {std::make_shared<const std::string>(line)}, 0, seq, seq};
    batch.replayed = std::move(replayed);
    return get<log_outcome>(writer, atom::write_v, std::move(batch));
  }

  /// Takes a line into the spool.
  void keep_line(uint64_t seq, const std::string& line) {
    CAF_REQUIRE(!keep->append(keep->lane(lane_kind::log, "app"), seq, 1, line));
  }

  /// Leaves a line in a file that was renamed, and its sync under way.
  void write_and_rename() {
    write(1, "old\n");
    fs::rename(path, dir / "logs/app.log.1");
  }

  std::shared_ptr<held_syncs> held = std::make_shared<held_syncs>();

  uint64_t replaced() {
    for (auto& each : get<status_report>(writer, atom::status_v).troubles)
      if (each.id == "log-file-replaced")
        return each.times;
    return 0;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_rotation_tests, rotation_fixture)

CAF_TEST(a batch begun in a file that was renamed is finished there) {
  leave_begun_batch("first\nsec");
  fs::rename(path, dir / "logs/app.log.1");
  start();
  flush();
  append("new\n");
  flush();
  CAF_CHECK_EQUAL(read_file(dir / "logs/app.log.1"), lines);
  CAF_CHECK_EQUAL(file(), "new\n");
}

CAF_TEST(a batch begun in a file that is gone is written whole) {
  leave_begun_batch("first\nsec");
  fs::remove(path);
  start();
  flush();
  CAF_CHECK_EQUAL(file(), lines);
}

CAF_TEST(a renamed file that is not synced holds back every answer of disk) {
  start();
  append("old\n");
  flush();
  fs::rename(path, dir / "logs/app.log.1");
  *failing_syncs = 2;
  append("new\n");
  flush();
  CAF_MESSAGE("GIVEN the sync of the old file failed and its page is lost");
  std::fstream{dir / "logs/app.log.1", std::ios::in | std::ios::out}
    << std::string(4, '\0');
  self->send(aut, atom::persist_v, uint64_t{2});
  settle();
  CAF_CHECK_EQUAL(keep->state(keep->lane(lane_kind::log, "app")).released, 0u);
  for (int i = 0; i < 20; ++i)
    pass(1s);
  CAF_CHECK_EQUAL(read_file(dir / "logs/app.log.1"), "old\n");
  CAF_CHECK_EQUAL(file(), "new\n");
  CAF_CHECK_EQUAL(keep->state(keep->lane(lane_kind::log, "app")).released, 2u);
}

CAF_TEST(a file that somebody renamed or deleted is counted once) {
  start();
  append("1\n");
  flush();
  CAF_CHECK_EQUAL(replaced(), 0u);
  fs::rename(path, dir / "logs/app.log.1");
  append("2\n");
  flush();
  append("3\n");
  flush();
  CAF_CHECK_EQUAL(replaced(), 1u);
  fs::remove(path);
  append("4\n");
  flush();
  CAF_CHECK_EQUAL(replaced(), 2u);
  CAF_CHECK_EQUAL(file(), "4\n");
}

CAF_TEST(files renamed one after the other are synced oldest first) {
  start();
  *failing_syncs = 4;
  for (auto line : {"1\n", "2\n", "3\n"}) {
    append(line);
    flush();
    fs::rename(path, dir / ("logs/app.log."s + line[0]));
  }
  append("4\n");
  self->send(aut, atom::persist_v, uint64_t{4});
  settle();
  CAF_CHECK_EQUAL(keep->state(keep->lane(lane_kind::log, "app")).released, 0u);
  for (int i = 0; i < 30; ++i)
    pass(1s);
  CAF_CHECK_EQUAL(keep->state(keep->lane(lane_kind::log, "app")).released, 4u);
  CAF_CHECK_EQUAL(file(), "4\n");
  for (auto number : {"1", "2", "3"})
    CAF_CHECK_EQUAL(read_file(dir / ("logs/app.log."s + number)), number + "\n"s);
}

CAF_TEST(a stop that asks again hears of the failure that the sync before was told of) {
  keep_line(1, "old\n");
  keep_line(2, "new\n");
  start_holding();
  write_and_rename();
  write(2, "new\n");
  CAF_REQUIRE_EQUAL(held->all.size(), 1u);
  CAF_MESSAGE("GIVEN the kernel tells the first of two, and the other that all is well");
  test::disk_calls disk{dir.path()};
  disk.fail_syncs("logs/app.log.1", 1);
  disk.hold_syncs("logs/app.log.1");
  auto first = std::thread{[this] { held->all.front().first.sync->run(); }};
  CAF_REQUIRE(disk.await_held());
  auto end = std::thread{[&disk] {
    // For the second to come as well, if anything lets it.
    std::this_thread::sleep_for(300ms);
    disk.let_go();
  }};
  const auto told = get<stop_report>(writer, atom::stop_v);
  first.join();
  end.join();
  CAF_CHECK_EQUAL(told.left, 1u);
  CAF_CHECK_EQUAL(kept().released, 0u);
  CAF_REQUIRE(kept().doubt.has_value());
  CAF_CHECK(kept().doubt->failed);
}

CAF_TEST(the answer to a sync of a renamed file that others have synced is late) {
  keep_line(1, "old\n");
  keep_line(2, "deadly\n");
  const auto lane = keep->lane(lane_kind::log, "app");
  CAF_MESSAGE("GIVEN a line that is set aside, once all before it is synced");
  for (int start = 0; start < 2; ++start) {
    keep->begin_replay(lane, 2);
    open_spool();
  }
  start_holding();
  write_and_rename();
  const auto outcome = write(2, "deadly\n", {2});
  CAF_CHECK_EQUAL(outcome.code, ec::none);
  CAF_CHECK_EQUAL(kept().released, 2u);
  CAF_REQUIRE_EQUAL(held->all.size(), 1u);
  get<status_report>(held->by, atom::status_v);
  write(3, "new\n");
  CAF_CHECK_EQUAL(file(), "new\n");
  CAF_CHECK_EQUAL(read_file(dir / "logs/app.log.1"), "old\n");
}

CAF_TEST_FIXTURE_SCOPE_END()

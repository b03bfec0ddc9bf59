// What logs with a spool promise when somebody renames or deletes their files: each line
// is in one of them, once, and `disk` means the files that lost their names too.
#define CAF_SUITE log_rotation
#include "tests/log_spool_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct rotation_fixture : log_spool_fixture {
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

CAF_TEST_FIXTURE_SCOPE_END()

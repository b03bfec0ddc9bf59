// What logs promise of a start that dies with a record of the spool: the third sets that
// one aside, kept for a person to look at, and everything else is in the file once.
#define CAF_SUITE log_replay
#include "actors/storage/set_aside.hpp"

#include "tests/log_spool_fixture.hpp"

#include <fstream>

using namespace sluice;
using namespace sluice::test;

namespace {

struct replay_fixture : log_spool_fixture {
  lane_id lane() { return keep->lane(lane_kind::log, "app"); }

  void leave(std::initializer_list<std::string> chunks) {
    for (const auto& chunk : chunks)
      leave(chunk);
  }

  void leave(const std::string& chunk) {
    const auto count = static_cast<uint64_t>(std::ranges::count(chunk, '\n'));
    const auto last = keep->state(lane()).appended + count;
    if (auto err = keep->append(lane(), last, count, chunk))
      CAF_FAIL(text_of(err));
  }

  /// A start that dies as it writes this record, the third time behind two others.
  void die_with(uint64_t last_seq) {
    if (keep->begin_replay_from(lane(), keep->state(lane()).written + 1) > 0)
      keep->begin_replay(lane(), last_seq);
    open_spool();
  }

  std::vector<std::string> set_aside_lines() {
    std::ifstream in(dir / ("logs/"s + set_aside_name));
    std::vector<std::string> result;
    for (std::string line; std::getline(in, line);)
      result.push_back(line);
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_replay_tests, replay_fixture)

CAF_TEST(a record that two starts died with is set aside by the third) {
  leave({"a\n", "b\nc\n", "d\n", "e\n"});
  die_with(3);
  die_with(3);
  start();
  settle();
  CAF_CHECK_EQUAL(file(), "a\nd\ne\n");
  auto aside = set_aside_lines();
  CAF_REQUIRE_EQUAL(aside.size(), 1u);
  CAF_CHECK_EQUAL(aside[0],
                  R"({"log":"app","lastSeq":3,"count":2,"reason":"the service died )"
                  R"(again and again while writing it","data":"620a630a"})");
  CAF_CHECK(writer_alerts("log-record-set-aside"));
  CAF_CHECK_EQUAL(writer_counts("recordsSetAside"), 1);
  CAF_MESSAGE("and what comes then goes on behind it");
  CAF_CHECK_EQUAL(append("f\n").seq, 6u);
  CAF_CHECK_EQUAL(persist(), durability::disk);
  die();
  start();
  CAF_CHECK_EQUAL(file(), "a\nd\ne\nf\n");
  CAF_CHECK_EQUAL(set_aside_lines().size(), 1u);
  CAF_CHECK(!writer_alerts("log-record-set-aside"));
}

CAF_TEST(after one death each record is written by itself and none is set aside) {
  leave({"a\n", "b\nc\n", "d\n"});
  die_with(3);
  start();
  settle();
  CAF_CHECK_EQUAL(file(), "a\nb\nc\nd\n");
  CAF_CHECK_EQUAL(writer_counts("writes"), 3);
  CAF_CHECK(!keep->died_in_replay());
  CAF_CHECK(!writer_alerts("log-record-set-aside"));
}

CAF_TEST(without a death what was left is one write) {
  leave({"a\n", "b\nc\n", "d\n"});
  open_spool();
  start();
  settle();
  CAF_CHECK_EQUAL(file(), "a\nb\nc\nd\n");
  CAF_CHECK_EQUAL(writer_counts("writes"), 1);
}

CAF_TEST(of a record that is partly in the file the rest is set aside) {
  leave({"a\n", "b\nc\n", "d\n"});
  write_file(path, "a\nb\nc");
  keep->begin_batch(lane(), {start_of_file(), 1, 4});
  die_with(3);
  die_with(3);
  start();
  settle();
  CAF_CHECK_EQUAL(file(), "a\nb\nc\nd\n");
  auto aside = set_aside_lines();
  CAF_REQUIRE_EQUAL(aside.size(), 1u);
  CAF_CHECK(aside[0].find(R"("lastSeq":3,"count":1,)") != std::string::npos);
  CAF_CHECK(aside[0].find(R"("data":"630a")") != std::string::npos);
}

CAF_TEST(a record that got into the file before the service died is not set aside) {
  leave({"a\n", "b\nc\n", "d\n"});
  write_file(path, "a\nb\nc\n");
  keep->begin_batch(lane(), {start_of_file(), 1, 4});
  die_with(3);
  die_with(3);
  start();
  settle();
  CAF_CHECK_EQUAL(file(), "a\nb\nc\nd\n");
  CAF_CHECK(set_aside_lines().empty());
}

CAF_TEST(half a line that a death left does not join what is set aside) {
  leave({"a\n", "b\n"});
  die_with(1);
  die_with(1);
  write_file(dir / ("logs/"s + set_aside_name), R"({"log":"ap)");
  start();
  settle();
  auto aside = set_aside_lines();
  CAF_REQUIRE_EQUAL(aside.size(), 2u);
  CAF_CHECK_EQUAL(aside[0], "{\"log\":\"ap");
  CAF_CHECK(aside[1].starts_with(R"({"log":"app",)"));
}

CAF_TEST(a record stays in the spool until it could be set aside) {
  leave({"a\n", "b\n", "c\n"});
  die_with(2);
  die_with(2);
  fs::create_directory(dir / ("logs/"s + set_aside_name));
  start();
  settle();
  CAF_CHECK_EQUAL(file(), "a\n");
  CAF_CHECK_EQUAL(kept().released, 1u);
  fs::remove(dir / ("logs/"s + set_aside_name));
  pass(10s);
  CAF_CHECK_EQUAL(file(), "a\nc\n");
  CAF_CHECK_EQUAL(set_aside_lines().size(), 1u);
}

CAF_TEST(a sync that fails afterwards does not bring it back) {
  leave({"a\n", "b\n", "c\n"});
  die_with(2);
  die_with(2);
  start();
  *failing_syncs = 1;
  append("d\n");
  ask_for_disk();
  pass(10s);
  CAF_CHECK_EQUAL(file(), "a\nc\nd\n");
  CAF_CHECK_EQUAL(persist(), durability::disk);
  CAF_CHECK_EQUAL(set_aside_lines().size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()

// One way to the disk a descriptor: the kernel tells of a failure once, the gate
// everybody.
#define CAF_SUITE sync_gate
#include "actors/storage/sync_gate.hpp"

#include "actors/storage/lane_claim.hpp"
#include "actors/storage/sync_token.hpp"
#include "tests/temp_dir.hpp"

#include <cerrno>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include <caf/test/dsl.hpp>

using namespace sluice;
using namespace sluice::test;
using namespace std::string_literals;

namespace {

/// A disk whose syncs wait until they are let go, and end as they are told.
struct slow_disk {
  sync_gate::call call() {
    return [this] {
      ++begun;
      begun.notify_all();
      const auto mine = begun.load();
      for (auto now = ended.load(); now < mine; now = ended.load())
        ended.wait(now);
      return std::exchange(problem, 0);
    };
  }

  void wait_for(int syncs) {
    for (auto now = begun.load(); now < syncs; now = begun.load())
      begun.wait(now);
  }

  void end_one(int with = 0) {
    problem = with;
    ++ended;
    ended.notify_all();
  }

  std::atomic<int> begun{0};
  std::atomic<int> ended{0};
  int problem = 0;
};

struct local {
  auto ask() {
    return std::async(std::launch::async, [this] { return gate.run(0); });
  }

  /// A file of the log, two of whose lines it holds, and the spool that keeps them.
  void open_file() {
    keep = *spool::open({dir / "spool", spool_bytes_min, "an id", dir.path()});
    lane = keep->lane(lane_kind::log, "app");
    CAF_REQUIRE(!keep->append(lane, 2, 2, "a\nb\n"));
    file = *append_file::open(dir.path(), "app.log");
    CAF_REQUIRE(!file->append("a\nb\n").problem);
    keep->written(lane, 2);
  }

  sync_token token() {
    return sync_token{file, claim_of(keep, lane, {file->position(), 1, 2})};
  }

  lane_state kept() { return keep->state(lane); }

  slow_disk disk;
  sync_gate gate{disk.call()};
  temp_dir dir;
  std::shared_ptr<spool> keep;
  lane_id lane = 0;
  std::shared_ptr<append_file> file;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sync_gate_tests, local)

CAF_TEST(a failure is told to all who wait and to whoever asks later) {
  auto first = ask();
  disk.wait_for(1);
  auto second = ask();
  auto third = ask();
  disk.end_one(EIO);
  CAF_CHECK_EQUAL(first.get(), EIO);
  CAF_CHECK_EQUAL(second.get(), EIO);
  CAF_CHECK_EQUAL(third.get(), EIO);
  CAF_MESSAGE("AND the system is not asked again, which would say that all is well");
  CAF_CHECK_EQUAL(gate.run(0), EIO);
  CAF_CHECK_EQUAL(disk.begun.load(), 1);
}

CAF_TEST(no two syncs are under way and those who wait share one) {
  auto first = ask();
  disk.wait_for(1);
  std::vector<std::future<int>> others;
  for (int i = 0; i < 4; ++i)
    others.push_back(ask());
  CAF_CHECK_EQUAL(disk.begun.load(), 1);
  disk.end_one();
  CAF_CHECK_EQUAL(first.get(), 0);
  // Whoever came late has one more.
  while (std::any_of(others.begin(), others.end(), [](const auto& x) {
    return x.wait_for(std::chrono::milliseconds{1}) != std::future_status::ready;
  }))
    if (disk.begun.load() > disk.ended.load())
      disk.end_one();
  for (auto& each : others)
    CAF_CHECK_EQUAL(each.get(), 0);
  CAF_CHECK(disk.begun.load() >= 2);
}

CAF_TEST(a full disk or quota that a sync tells of is kept like an error) {
  for (auto problem : {ENOSPC, EDQUOT}) {
    sync_gate full{[&] { return std::exchange(problem, 0); }};
    CAF_CHECK_NOT_EQUAL(full.run(0), 0);
    CAF_CHECK_NOT_EQUAL(full.run(0), 0);
    CAF_CHECK_EQUAL(code_of(sync_failure("x", ENOSPC)), ec::disk_failed);
  }
}

CAF_TEST(what was made good is told no more but what failed since is) {
  auto problem = EIO;
  sync_gate uut{[&] { return std::exchange(problem, 0); }};
  CAF_CHECK_EQUAL(uut.run(0), EIO);
  CAF_CHECK_EQUAL(uut.run(uut.failures()), 0);
  uut.fail(ENOSPC);
  CAF_CHECK_EQUAL(uut.run(1), ENOSPC);
  CAF_CHECK_EQUAL(uut.run(2), 0);
}

CAF_TEST(a sync states its doubt when it is made and takes it back when it was good) {
  open_file();
  auto uut = token();
  CAF_REQUIRE(kept().doubt.has_value());
  CAF_CHECK(!kept().doubt->failed);
  CAF_CHECK_EQUAL(kept().released, 0u);
  CAF_CHECK(!uut.run_here());
  CAF_CHECK(!kept().doubt.has_value());
  CAF_CHECK_EQUAL(kept().released, 2u);
  CAF_CHECK(!file->has_unsynced());
}

CAF_TEST(a sync that nobody settles leaves its doubt) {
  open_file();
  CAF_CHECK(!token().run());
  CAF_CHECK(kept().doubt.has_value());
  CAF_CHECK_EQUAL(kept().released, 0u);
  CAF_CHECK(file->has_unsynced());
}

CAF_TEST(after a failure no sync of the file counts until its lines are written again) {
  open_file();
  auto good = token();
  auto bad = token();
  CAF_CHECK(!good.run());
  CAF_CHECK(bad.settle(caf::make_error(ec::unavailable, "its syncer died"s)));
  CAF_CHECK(kept().doubt->failed);
  CAF_MESSAGE("GIVEN one ended well, which says nothing about what the other lost");
  CAF_CHECK(good.settle(caf::none));
  CAF_CHECK(token().run_here());
  CAF_CHECK(file->has_unsynced());
  CAF_CHECK_EQUAL(kept().released, 0u);
  io_counts io;
  CAF_CHECK(!file->rewrite_unsynced("a\nb\n", io));
  CAF_CHECK(!token().run_here());
  CAF_CHECK_EQUAL(kept().released, 2u);
}

CAF_TEST_FIXTURE_SCOPE_END()

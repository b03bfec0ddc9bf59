// When session stores are on disk: in which order a compaction asks for it, and what a
// sync that failed leaves to those beside and behind it.
#define CAF_SUITE session_syncs
#include "actors/session/session_compactor.hpp"

#include "tests/disk_calls.hpp"
#include "tests/journal_fixture.hpp"

#include <caf/event_based_actor.hpp>

#include <algorithm>

using namespace sluice;
using namespace sluice::test;

namespace {

using calls = std::vector<std::string>;

struct syncs_fixture : journal_fixture {
  syncs_fixture() {
    put("a", "1");
    disk.take();
  }

  /// Compacts store `s` with this sync failing; whether it says so.
  bool compaction_fails(const std::string& name) {
    disk.fail_syncs(name, 1);
    io_counts io;
    auto store = journal_store::open(folder{config.directory}, "s", dir / "id", io);
    CAF_REQUIRE(store);
    const auto failed = static_cast<bool>((*store)->prepare_compaction()->run());
    disk.fail_syncs(name, 0);
    return failed;
  }

  disk_calls disk{dir.path()};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_syncs_tests, syncs_fixture)

CAF_TEST(a compaction has each step on disk before the next) {
  compact();
  const auto done = disk.take();
  CAF_CHECK(done
            == (calls{"sync sessions/s.json.new", "sync sessions/s.journal.new",
                      "sync sessions", "rename sessions/s.json", "sync sessions",
                      "rename sessions/s.journal", "sync sessions"}));
}

CAF_TEST(a compaction whose syncs fail shows no file that is not on disk) {
  for (auto name : {"sessions/s.json.new", "sessions/s.journal.new", "sessions"}) {
    CAF_CHECK(compaction_fails(name));
    CAF_CHECK(!fs::exists(snapshot_path));
    restart();
    CAF_CHECK_EQUAL(load("a"), "1");
  }
}

CAF_TEST(a journal that a crash left beside its snapshot is in its place on disk) {
  compact();
  CAF_MESSAGE("GIVEN a compaction that was cut short between the two renames");
  fs::rename(journal_path, journal_path + ".new");
  disk.take();
  restart();
  CAF_CHECK_EQUAL(load("a"), "1");
  const auto done = disk.take();
  CAF_CHECK(done == (calls{"rename sessions/s.journal", "sync sessions"}));
}

CAF_TEST(a stop has every store on disk) {
  disk.take();
  CAF_CHECK_EQUAL(get<stop_report>(aut, atom::stop_v).left, 0u);
  CAF_CHECK(disk.synced("sessions/s.journal"));
}

CAF_TEST(disk is answered after a sync of the journal and of its name) {
  put("b", "2", 0, durability::disk);
  CAF_CHECK_EQUAL(last.level, durability::disk);
  const auto done = disk.take();
  CAF_CHECK(done == (calls{"sync sessions", "sync sessions/s.journal"}));
}

CAF_TEST(after a failed sync no success counts before the store is written anew) {
  script->failing_syncs = 1;
  CAF_CHECK_EQUAL(put("b", "2", 0, durability::disk), 0u);
  disk.take();
  CAF_CHECK_EQUAL(put("c", "3", 0, durability::disk), 1u);
  CAF_CHECK(disk.synced("sessions/s.json.new"));
  const auto all = whole();
  CAF_CHECK(all == (documents{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
}

CAF_TEST(those who wait together for a sync that fails are none of them on disk) {
  script->failing_syncs = 1;
  std::vector<ec> codes;
  const auto ask_for_disk = [this](const std::string& key) {
    return self->request(aut, caf::infinite, atom::apply_v,
                         session_changes{"s", {{key, false, "2", 1000, 0}}, {}},
                         durability::disk);
  };
  auto first = ask_for_disk("b");
  auto second = ask_for_disk("c");
  settle();
  const auto hear = [&](auto& answer) {
    answer.receive([&](const session_applied&) { codes.push_back(ec::none); },
                   [&](const caf::error& err) { codes.push_back(code_of(err)); });
  };
  hear(first);
  hear(second);
  CAF_CHECK_EQUAL(codes[0], ec::disk_failed);
  CAF_MESSAGE("unless what the second waits for was written once more");
  CAF_CHECK(codes[1] == ec::disk_failed || fs::exists(snapshot_path));
}

CAF_TEST(a store gives its place to another once it is on disk and not before) {
  config.open_stores_max = 1;
  restart();
  put("a", "2");
  const auto put_elsewhere = [this] {
    auto answer = ask<session_applied>(
      aut, atom::apply_v, session_changes{"t", {{"k", false, "1", 1, 0}}, {}},
      durability::ram);
    return answer ? ec::none : code_of(answer.error());
  };
  disk.fail_syncs("sessions/s.journal", 1);
  CAF_CHECK_EQUAL(put_elsewhere(), ec::unavailable);
  CAF_CHECK_EQUAL(state("openStores"), 1);
  CAF_MESSAGE("what the failed sync was to bring to disk is written anew");
  put("b", "3");
  disk.take();
  CAF_CHECK_EQUAL(put_elsewhere(), ec::none);
  CAF_CHECK(disk.synced("sessions/s.journal"));
  CAF_CHECK_EQUAL(state("openStores"), 1);
}

CAF_TEST(sixteen writes wait for a compaction and one more is refused) {
  script->failing_syncs = 1;
  put("b", "2", 0, durability::disk);
  script->holds = true;
  std::vector<ec> codes;
  const auto waiting = tracked(sys.spawn([&](caf::event_based_actor* me) {
    for (int n = 0; n < 17; ++n)
      me->request(aut, caf::infinite, atom::apply_v,
                  session_changes{"s", {{std::to_string(n), false, "3", 1000, 0}}, {}},
                  durability::ram)
        .then([&](const session_applied&) { codes.push_back(ec::none); },
              [&](const caf::error& err) { codes.push_back(code_of(err)); });
  }));
  settle();
  CAF_CHECK(codes == std::vector{ec::overloaded});
  CAF_MESSAGE("those who wait are all written");
  release_compaction();
  CAF_CHECK_EQUAL(codes.size(), 17u);
  CAF_CHECK_EQUAL(std::ranges::count(codes, ec::none), 16);
  const auto count = whole().size();
  CAF_CHECK_EQUAL(count, 18u);
}

CAF_TEST_FIXTURE_SCOPE_END()

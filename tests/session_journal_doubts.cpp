// After a sync that failed, or may have, the files of a store prove nothing that they do
// not have to: what they lost comes from the spool, and what they say is believed up to
// where all was safe.
#define CAF_SUITE session_journal_doubts

#include "actors/session/session_codec.hpp"

#include "tests/journal_fixture.hpp"

#include <algorithm>
#include <fstream>

using namespace sluice;
using namespace sluice::test;

namespace {

struct doubts_fixture : journal_fixture {
  doubts_fixture() {
    auto opened = spool::open({dir / "spool", spool_bytes_min, "an id", dir.path()});
    CAF_REQUIRE(opened.engaged());
    config.spool = *opened;
    // Whoever is opened has the others synced.
    config.open_stores_max = 2;
    restart();
  }

  ~doubts_fixture() override {
    caf::anon_send_exit(aut, caf::exit_reason::kill);
    settle();
    config.spool.reset();
  }

  lane_id lane() { return config.spool->lane(lane_kind::session, "s"); }
  lane_state numbers() { return config.spool->state(lane()); }

  session_change change_of(const std::string& key, uint64_t seq) {
    return {key, false, "{\"in\":\"" + key + "\"}", 1000, seq};
  }

  /// Another store is opened, and syncs of those that may be closed for it are begun.
  void read_another_store() {
    write_file(dir / "sessions/t.json", "{}");
    CAF_REQUIRE(ask<session_lookup>(aut, atom::load_v, "t"s, "k"s));
  }

  /// As the debouncer does it.
  void flush(const std::vector<session_change>& changes, durability level) {
    auto last_seq = changes.back().seq;
    if (numbers().appended < last_seq) {
      session_record_writer record;
      for (auto& x : changes)
        record.add_document(x.key, x.updated_at_ms, x.document);
      CAF_REQUIRE(!config.spool->append(lane(), last_seq, record.count(), record.data()));
    }
    apply(changes, {config.spool->id(), last_seq}, level);
    if (!refusal)
      config.spool->written(lane(), last_seq);
  }

  /// The line of this session reads as zeros.
  void lose_page_of(const std::string& key) {
    auto all = journal();
    auto at = all.find("\"key\":\"" + key + "\"");
    CAF_REQUIRE(at != all.npos);
    auto begin = all.rfind('\n', at) + 1;
    std::fill(all.begin() + static_cast<ptrdiff_t>(begin),
              all.begin() + static_cast<ptrdiff_t>(all.find('\n', at)), '\0');
    std::ofstream{journal_path, std::ios::in | std::ios::binary} << all;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_journal_doubts_tests, doubts_fixture)

CAF_TEST(what a failed sync lost is written anew from what comes once more) {
  flush({change_of("a", 1)}, durability::ram);
  flush({change_of("b", 2)}, durability::ram);
  script->failing_syncs = 1;
  flush({change_of("c", 3)}, durability::disk);
  CAF_CHECK(code_of(refusal) == ec::disk_failed);
  lose_page_of("b");
  CAF_CHECK_EQUAL(load("b"), "<disk-failed>");
  CAF_MESSAGE("WHEN all that is not safe comes again THEN the store is whole and synced");
  flush({change_of("a", 1), change_of("b", 2), change_of("c", 3)}, durability::disk);
  CAF_CHECK(!refusal);
  CAF_CHECK(last.level == durability::disk);
  CAF_CHECK_EQUAL(last.written, 1u);
  CAF_CHECK_EQUAL(state("compactions"), 1);
  restart();
  CAF_CHECK_EQUAL(whole().size(), 3u);
  CAF_CHECK_EQUAL(load("b"), R"({"in":"b"})");
  CAF_CHECK(status().alerts.empty());
}

CAF_TEST(what does not come once more and cannot be read ends no doubt) {
  flush({change_of("a", 1)}, durability::ram);
  flush({change_of("b", 2)}, durability::ram);
  script->failing_syncs = 1;
  flush({change_of("c", 3)}, durability::disk);
  lose_page_of("b");
  flush({change_of("c", 3)}, durability::disk);
  CAF_CHECK(code_of(refusal) == ec::disk_failed);
  CAF_CHECK_EQUAL(numbers().released, 0u);
}

CAF_TEST(of a store in doubt no more is believed than was safe) {
  flush({change_of("a", 1)}, durability::disk);
  config.spool->released(lane(), 1);
  flush({change_of("b", 2)}, durability::ram);
  flush({change_of("c", 3)}, durability::ram);
  config.spool->doubt(lane(), {{{}, 2, 3}, false});
  lose_page_of("b");
  restart();
  CAF_CHECK_EQUAL(mark(), (session_mark{config.spool->id(), 1}));
  CAF_MESSAGE("AND an end that writes it anew says so");
  auto report = get<stop_report>(aut, atom::stop_v);
  CAF_CHECK_EQUAL(report.left, 0u);
  start();
  CAF_CHECK_EQUAL(mark(), (session_mark{config.spool->id(), 1}));
  CAF_CHECK_EQUAL(numbers().released, 1u);
}

CAF_TEST(an end lets the spool go of what it has synced) {
  flush({change_of("a", 1)}, durability::ram);
  CAF_CHECK_EQUAL(numbers().released, 0u);
  get<stop_report>(aut, atom::stop_v);
  CAF_CHECK_EQUAL(numbers().released, 1u);
  CAF_CHECK(!numbers().doubt);
}

CAF_TEST(an end whose sync fails writes the store anew or leaves a doubt) {
  flush({change_of("a", 1)}, durability::ram);
  script->failing_syncs = 1;
  script->failing_compactions = 1;
  auto report = get<stop_report>(aut, atom::stop_v);
  CAF_CHECK_EQUAL(report.left, 1u);
  CAF_REQUIRE(numbers().doubt.has_value());
  CAF_CHECK(numbers().doubt->failed);
  start();
  flush({change_of("b", 2)}, durability::ram);
  script->failing_syncs = 1;
  report = get<stop_report>(aut, atom::stop_v);
  CAF_CHECK_EQUAL(report.left, 0u);
  CAF_CHECK_EQUAL(numbers().released, 2u);
  CAF_CHECK(!numbers().doubt);
}

CAF_TEST(what a compaction put in place that failed at its end is nobody elses) {
  auto seq = uint64_t{0};
  for (auto steps : {3, 4}) {
    CAF_MESSAGE("GIVEN one that fails behind " << steps << " of its four steps");
    const auto which = std::to_string(steps);
    flush({change_of("a" + which, ++seq)}, durability::ram);
    script->failing_syncs = 1;
    flush({change_of("b" + which, ++seq)}, durability::disk);
    script->steps_before_failure = steps;
    flush({change_of("c" + which, ++seq)}, durability::disk);
    CAF_CHECK(code_of(refusal) == ec::disk_failed);
    CAF_MESSAGE("WHEN the next one comes through THEN nobody is blamed for its files");
    flush({change_of("c" + which, seq)}, durability::disk);
    CAF_CHECK(!refusal);
    CAF_CHECK(status().alerts.empty());
    CAF_CHECK_EQUAL(names("s.json").size(), 1u);
    CAF_CHECK_EQUAL(names("s.journal").size(), 1u);
    restart();
    CAF_CHECK_EQUAL(whole().size(), seq);
  }
}

CAF_TEST(a store whose sync nobody waits for fails is written anew by itself) {
  flush({change_of("a", 1)}, durability::ram);
  flush({change_of("b", 2)}, durability::ram);
  script->failing_syncs = 1;
  script->failing_compactions = 3;
  read_another_store();
  CAF_CHECK(has_alert("session-sync-failed"));
  CAF_CHECK(has_alert("session-compaction-failed"));
  lose_page_of("a");
  CAF_MESSAGE("WHEN it fails again and again THEN it is tried after growing pauses");
  for (auto pause : {100ms, 200ms, 400ms, 800ms}) {
    CAF_CHECK(has_alert("session-sync-failed"));
    pass(pause);
  }
  CAF_CHECK_EQUAL(script->failing_compactions, 0);
  CAF_CHECK_EQUAL(state("compactions"), 1);
  CAF_CHECK(status().alerts.empty());
  CAF_CHECK_EQUAL(numbers().released, 2u);
  CAF_CHECK(!numbers().doubt);
  restart();
  CAF_CHECK((whole() == documents{{"a", R"({"in":"a"})"}, {"b", R"({"in":"b"})"}}));
}

CAF_TEST(what was removed since does not come back with what a failed sync lost) {
  flush({change_of("a", 1)}, durability::ram);
  flush({change_of("b", 2)}, durability::ram);
  erase("a");
  script->failing_syncs = 1;
  script->failing_compactions = 1;
  read_another_store();
  lose_page_of("b");
  pass(100ms);
  pass(200ms);
  CAF_CHECK(status().alerts.empty());
  CAF_CHECK((whole() == documents{{"b", R"({"in":"b"})"}}));
}

CAF_TEST_FIXTURE_SCOPE_END()

#define CAF_SUITE session_writes

#include "tests/session_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

const auto full = caf::make_error(ec::disk_full, "no space left");

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_writes_tests, session_fixture)

// -- explicit flushes --------------------------------------------------------------

CAF_TEST(a flush is answered after the write with what it waited for) {
  start();
  CAF_CHECK_EQUAL(flush(), 0u);
  CAF_CHECK(script->applied.empty());
  put("a", "{}");
  put("b", "{}");
  CAF_CHECK_EQUAL(flush(), 2u);
  CAF_CHECK_EQUAL(stored("b"), "{}");
  pass(10s);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
}

CAF_TEST(a flush during a flush waits for that and for what came since) {
  start();
  put("a", "{}");
  hold();
  pass(2s);
  auto only_flying = ask_later<flush_report>(atom::flush_v, std::string{"s"});
  put("b", "{}");
  auto both = ask_later<flush_report>(atom::flush_v, std::string{"s"});
  CAF_CHECK(only_flying->open() && both->open());
  release_held(1);
  CAF_CHECK_EQUAL(only_flying->answer->flushed, 1u);
  CAF_CHECK(both->open());
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  release();
  CAF_CHECK_EQUAL(both->answer->flushed, 2u);
}

CAF_TEST(a flush of everything waits for every store) {
  start();
  put("a", "{}");
  update(atom::put_v, session_update{"t", "b", "{}", {}});
  hold();
  auto all = ask_later<flush_report>(atom::flush_v);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  release_held(1);
  CAF_CHECK(all->open());
  release();
  CAF_CHECK_EQUAL(all->answer->flushed, 2u);
}

// -- failures ----------------------------------------------------------------------

CAF_TEST(a failed write keeps its documents and is tried again with growing pauses) {
  start();
  script->apply_failure = full;
  put("a", "{}");
  pass(2s);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  auto pauses = {100, 200, 400, 800, 1600, 3200, 6400, 10'000, 10'000};
  size_t attempts = 1;
  for (auto ms : pauses) {
    pass(std::chrono::milliseconds{ms} - nanosecond);
    CAF_CHECK_EQUAL(script->applied.size(), attempts);
    pass(nanosecond);
    CAF_CHECK_EQUAL(script->applied.size(), ++attempts);
  }
  CAF_CHECK_EQUAL(get("a"), "{}");
  CAF_CHECK(stats().failing);
  script->apply_failure = {};
  pass(10s);
  CAF_CHECK_EQUAL(stored("a"), "{}");
  CAF_CHECK(!stats().failing);
  CAF_CHECK_EQUAL(stats().total_writes, 1u);
}

CAF_TEST(a failed write never loses what is newer) {
  start();
  put("a", R"({"n":1})");
  put("b", R"({"n":1})");
  script->apply_failure = full;
  hold();
  pass(2s);
  put("a", R"({"n":2})");
  release();
  CAF_CHECK_EQUAL(get("a"), R"({"n":2})");
  CAF_CHECK_EQUAL(get("b"), R"({"n":1})");
  patch("b", R"({"m":1})");
  script->apply_failure = {};
  pass(100ms);
  CAF_CHECK_EQUAL(stored("a"), R"({"n":2})");
  CAF_CHECK_EQUAL(stored("b"), R"({"n":1,"m":1})");
  CAF_CHECK_EQUAL(stats().total_writes, 2u);
  CAF_CHECK_EQUAL(stats().total_coalesced, 2u);
}

CAF_TEST(while writes fail neither a window nor max pending tries more often) {
  config.max_pending = 2;
  start();
  script->apply_failure = full;
  put("a", "{}");
  pass(2s);
  pass(100ms);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  put("b", "{}");
  put("c", "{}");
  pass(200ms - nanosecond);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  script->apply_failure = {};
  pass(nanosecond);
  CAF_CHECK_EQUAL(script->applied.size(), 3u);
  CAF_CHECK_EQUAL(script->data["s"].size(), 3u);
  CAF_MESSAGE("the windows work as before");
  put("d", "{}");
  pass(2s);
  CAF_CHECK_EQUAL(stored("d"), "{}");
}

CAF_TEST(a flush while writes fail tries at once and tells the error) {
  start();
  script->apply_failure = full;
  put("a", "{}");
  CAF_CHECK_EQUAL(flush(), 0u);
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  CAF_CHECK_EQUAL(flush(), 0u);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  script->apply_failure = {};
  CAF_CHECK_EQUAL(flush(), 1u);
  CAF_CHECK_EQUAL(stored("a"), "{}");
  pass(20s);
  CAF_CHECK_EQUAL(script->applied.size(), 3u);
}

CAF_TEST(a flush that came during a failing write has an attempt of its own) {
  start();
  put("a", "{}");
  script->apply_failure = full;
  hold();
  pass(2s);
  auto flushed = ask_later<flush_report>(atom::flush_v, std::string{"s"});
  script->apply_failure = {};
  release();
  CAF_CHECK_EQUAL(flushed->answer->flushed, 1u);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
}

CAF_TEST(a failing store is told by check and alert until it is good again) {
  start();
  script->apply_failure = full;
  put("a", "{}");
  pass(2s);
  auto report = status();
  CAF_REQUIRE_EQUAL(report.alerts.size(), 1u);
  CAF_CHECK_EQUAL(report.alerts[0].id, "session-write-failed");
  CAF_CHECK_EQUAL(report.alerts[0].text, "store s: no space left");
  CAF_CHECK_EQUAL(report.alerts[0].since_ms, wall_start_ms + 2000);
  CAF_CHECK_EQUAL(report.checks[0],
                  (check{"last-write", false, "store s: no space left"}));
  CAF_CHECK(report.checks[1].ok);
  pass(31s);
  CAF_CHECK(!status().checks[2].ok);
  script->apply_failure = {};
  flush();
  report = status();
  CAF_CHECK(report.alerts.empty());
  for (auto& x : report.checks)
    CAF_CHECK(x.ok);
}

// -- levels ------------------------------------------------------------------------

CAF_TEST(waiters for the disk share one write) {
  start();
  hold();
  auto first = put("a", "{}");
  auto one =
    ask_later<durability>(atom::persist_v, std::string{"s"}, first, durability::disk);
  CAF_REQUIRE_EQUAL(script->levels.size(), 1u);
  CAF_CHECK(script->levels[0] == durability::disk);
  auto second = put("b", "{}");
  auto two =
    ask_later<durability>(atom::persist_v, std::string{"s"}, second, durability::disk);
  auto third = put("c", "{}");
  auto three =
    ask_later<durability>(atom::persist_v, std::string{"s"}, third, durability::disk);
  release_held(1);
  CAF_CHECK(*one->answer == durability::disk);
  CAF_CHECK(two->open() && three->open());
  release();
  CAF_CHECK(*two->answer == durability::disk);
  CAF_CHECK(*three->answer == durability::disk);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
}

CAF_TEST(what is written but not synced is synced by an empty write) {
  start();
  auto seq = put("a", "{}");
  pass(2s);
  auto answer =
    ask<durability>(debouncer, atom::persist_v, std::string{"s"}, seq, durability::disk);
  CAF_CHECK(answer == durability::disk);
  CAF_REQUIRE_EQUAL(script->applied.size(), 2u);
  CAF_CHECK(script->applied[1].changes.empty());
  CAF_CHECK(script->levels[1] == durability::disk);
  CAF_MESSAGE("once is enough");
  ask<durability>(debouncer, atom::persist_v, std::string{"s"}, seq, durability::disk);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
}

CAF_TEST(ram means committed and memory means accepted) {
  start();
  auto seq = put("a", "{}");
  auto memory = ask<durability>(debouncer, atom::persist_v, std::string{"s"}, seq,
                                durability::memory);
  CAF_CHECK(memory == durability::memory);
  CAF_CHECK(script->applied.empty());
  auto ram =
    ask<durability>(debouncer, atom::persist_v, std::string{"s"}, seq, durability::ram);
  CAF_CHECK(ram == durability::ram);
  CAF_REQUIRE_EQUAL(script->applied.size(), 1u);
  CAF_CHECK(script->levels[0] == durability::ram);
}

CAF_TEST(a sync that fails is told and the next attempt syncs as well) {
  start();
  auto seq = put("a", "{}");
  pass(2s);
  script->apply_failure = caf::make_error(ec::disk_failed, "sync");
  auto answer =
    ask<durability>(debouncer, atom::persist_v, std::string{"s"}, seq, durability::disk);
  CAF_CHECK(code_of(answer.error()) == ec::disk_failed);
  CAF_CHECK(!status().checks[1].ok);
  script->apply_failure = {};
  pass(100ms);
  CAF_REQUIRE_EQUAL(script->levels.size(), 3u);
  CAF_CHECK(script->levels[2] == durability::disk);
  CAF_CHECK(status().checks[1].ok);
}

CAF_TEST(a number that was not given yet counts as the last one) {
  start();
  put("a", "{}");
  auto answer = ask<durability>(debouncer, atom::persist_v, std::string{"s"},
                                std::numeric_limits<uint64_t>::max(), durability::disk);
  CAF_CHECK(answer == durability::disk);
  CAF_CHECK_EQUAL(stored("a"), "{}");
}

// -- credit ------------------------------------------------------------------------

CAF_TEST(credit returns when a document is superseded and when it is written) {
  auto bytes = std::make_shared<budget>(100);
  start();
  put("a", "{}", bytes->try_draw(10).first);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 10u);
  put("a", "{}", bytes->try_draw(20).first);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 20u);
  erase("a");
  CAF_CHECK_EQUAL(bytes->used_bytes(), 0u);
  put("b", "{}", bytes->try_draw(30).first);
  pass(2s);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 0u);
  replace({{"c", "{}"}, {"d", "{}"}}, bytes->try_draw(40).first);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 40u);
  put("c", "{}");
  CAF_CHECK_EQUAL(bytes->used_bytes(), 40u);
  put("d", "{}");
  CAF_CHECK_EQUAL(bytes->used_bytes(), 0u);
}

CAF_TEST(credit stays out while a write fails and returns with a refusal) {
  auto bytes = std::make_shared<budget>(100);
  config.max_store_bytes = 10;
  start();
  script->apply_failure = full;
  put("a", "{}", bytes->try_draw(10).first);
  pass(2s);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 10u);
  CAF_CHECK_EQUAL(put("b", R"({"n":12345})", bytes->try_draw(20).first), 0u);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 10u);
  script->apply_failure = {};
  pass(100ms);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 0u);
}

// -- the end -----------------------------------------------------------------------

CAF_TEST(a stop during a flush writes the rest and then answers) {
  start();
  put("a", "{}");
  hold();
  pass(2s);
  put("b", "{}");
  update(atom::put_v, session_update{"t", "c", "{}", {}});
  auto stopped = ask_later<stop_report>(atom::stop_v);
  CAF_CHECK(stopped->open());
  CAF_CHECK_EQUAL(put("d", "{}"), 0u);
  CAF_CHECK(code_of(refusal) == ec::stopping);
  CAF_CHECK_EQUAL(get("a"), "<stopping>");
  release();
  CAF_CHECK_EQUAL(*stopped->answer, (stop_report{"session-debouncer", "", 3, 0, ""}));
  CAF_CHECK_EQUAL(stored("b"), "{}");
  CAF_CHECK_EQUAL(stored("d"), "<none>");
  CAF_CHECK_EQUAL(script->data["t"]["c"], "{}");
  CAF_CHECK_EQUAL(told->counts.session_writes, 3u);
}

CAF_TEST(a stop tries again until all is written) {
  start();
  script->apply_failure = full;
  put("a", "{}");
  auto stopped = ask_later<stop_report>(atom::stop_v);
  pass(100ms);
  pass(200ms);
  CAF_CHECK(stopped->open());
  script->apply_failure = {};
  pass(400ms);
  CAF_CHECK_EQUAL(stopped->answer->drained, 1u);
  CAF_CHECK_EQUAL(stored("a"), "{}");
}

CAF_TEST(a stop refuses what still waits for a reading) {
  script->data["s"]["a"] = "{}";
  start();
  hold();
  auto patched =
    ask_later<session_receipt>(atom::patch_v, session_update{"s", "a", "{}", {}});
  auto replaced =
    ask_later<session_receipt>(atom::replace_v, session_replacement{"s", {}, {}});
  auto behind =
    ask_later<std::string>(atom::get_v, std::string{"s"}, std::string{"a"}, credit{});
  update(atom::put_v, session_update{"t", "b", "{}", {}});
  auto all =
    ask_later<std::vector<session_document>>(atom::get_all_v, std::string{"s"}, credit{});
  auto stopped = ask_later<stop_report>(atom::stop_v);
  CAF_CHECK(code_of(patched->failure) == ec::stopping);
  CAF_CHECK(code_of(replaced->failure) == ec::stopping);
  CAF_CHECK(code_of(behind->failure) == ec::stopping);
  CAF_CHECK(code_of(all->failure) == ec::stopping);
  release();
  CAF_CHECK_EQUAL(stopped->answer->drained, 1u);
}

CAF_TEST(a stop without anything to write is answered at once) {
  start();
  auto stopped = ask_later<stop_report>(atom::stop_v);
  CAF_CHECK_EQUAL(stopped->answer->drained, 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

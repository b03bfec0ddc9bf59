#define CAF_SUITE session_maintenance

#include "tests/session_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

CAF_TEST_FIXTURE_SCOPE(session_maintenance_tests, session_fixture)

CAF_TEST(maintenance follows a flush at most once an hour) {
  start();
  put("a", "{}");
  pass(2s);
  CAF_REQUIRE_EQUAL(script->prunes.size(), 1u);
  auto oldest = wall_start_ms + 2000 - 720 * 3'600'000LL;
  CAF_CHECK_EQUAL(script->prunes[0],
                  (session_prune{"s", oldest, 500, false, 1, wall_start_ms + 2000}));
  put("a", R"({"n":1})");
  pass(2s);
  pass(1h - 4s);
  put("a", R"({"n":2})");
  pass(2s - nanosecond);
  flush();
  CAF_CHECK_EQUAL(script->prunes.size(), 1u);
  put("a", R"({"n":3})");
  pass(2s);
  CAF_CHECK_EQUAL(script->prunes.size(), 2u);
}

CAF_TEST(in warn mode an excess is an alert until it is gone) {
  config.max_entries = 2;
  script->data["s"] = {{"a", "{}"}, {"b", "{}"}};
  start();
  CAF_CHECK(!has_alert("session-store-over-limit"));
  put("c", "{}");
  script->excess = {"a"};
  pass(2s);
  CAF_CHECK(has_alert("session-store-over-limit"));
  CAF_CHECK_EQUAL(script->data["s"].size(), 3u);
  script->excess = {};
  erase("a");
  pass(2s);
  CAF_CHECK(!has_alert("session-store-over-limit"));
}

CAF_TEST(in enforce mode what is removed leaves the cache) {
  config.enforce_maintenance = true;
  config.max_entries = 1;
  start();
  put("a", "{}");
  put("b", "{}");
  script->excess = {"a"};
  pass(2s);
  CAF_CHECK(script->prunes[0].enforce);
  CAF_CHECK_EQUAL(get("a"), "<not-found>");
  CAF_CHECK_EQUAL(get("b"), "{}");
  CAF_CHECK(!has_alert("session-store-over-limit"));
  CAF_MESSAGE("beyond max entries it does not wait for the hour");
  script->excess = {"b"};
  put("c", "{}");
  pass(2s);
  CAF_CHECK_EQUAL(script->prunes.size(), 2u);
  CAF_CHECK(script->data["s"] == (documents{{"c", "{}"}}));
}

CAF_TEST(a removed session with an unwritten update is written again at once) {
  config.enforce_maintenance = true;
  start();
  put("a", R"({"n":1})");
  hold();
  pass(2s);
  script->excess = {"a"};
  release_held(1);
  CAF_CHECK_EQUAL(script->prunes.size(), 1u);
  put("a", R"({"n":2})");
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  release();
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  CAF_CHECK_EQUAL(stored("a"), R"({"n":2})");
}

CAF_TEST(a look up that a prune overtakes is not remembered) {
  config.enforce_maintenance = true;
  script->data["s"]["a"] = R"({"n":1})";
  start();
  hold();
  auto read =
    ask_later<std::string>(atom::get_v, std::string{"s"}, std::string{"a"}, credit{});
  put("b", "{}");
  script->excess = {"a"};
  pass(2s);
  std::rotate(script->held.begin(), script->held.begin() + 1, script->held.end());
  release_held(1);
  CAF_REQUIRE_EQUAL(script->prunes.size(), 1u);
  CAF_MESSAGE("what the look up found is told after what the prune removed");
  std::rotate(script->held.begin(), script->held.begin() + 1, script->held.end());
  release();
  CAF_CHECK_EQUAL(*read->answer, R"({"n":1})");
  CAF_CHECK_EQUAL(get("a"), "<not-found>");
}

CAF_TEST(nothing is told by age once the time of day has stepped by an hour) {
  start();
  wall_step_ms = 3'599'999;
  put("a", "{}");
  pass(2s);
  CAF_CHECK_GREATER(script->prunes[0].older_than_ms, 0);
  wall_step_ms = 3'600'000;
  pass(1h);
  put("a", R"({"n":1})");
  pass(2s);
  CAF_CHECK_EQUAL(script->prunes[1].older_than_ms, 0);
  CAF_CHECK(!has_alert("session-maintenance-held"));
  CAF_CHECK_EQUAL(value("clockSteps"), 1);
}

CAF_TEST(a jump is an alert for a while whatever maintenance does) {
  start();
  CAF_CHECK(!has_alert("clock-stepped"));
  wall_step_ms = -3'600'000;
  CAF_CHECK(has_alert("clock-stepped"));
  pass(10min - nanosecond);
  CAF_CHECK(has_alert("clock-stepped"));
  pass(nanosecond);
  CAF_CHECK(!has_alert("clock-stepped"));
}

CAF_TEST(enforce removes nothing while the clock is not synchronised) {
  config.enforce_maintenance = true;
  config.max_entries = 2;
  synchronised = false;
  script->data["s"] = {{"a", "{}"}, {"b", "{}"}};
  script->excess = {"a"};
  start();
  CAF_CHECK(has_alert("session-maintenance-held"));
  put("c", "{}");
  pass(2s);
  CAF_REQUIRE_EQUAL(script->prunes.size(), 1u);
  CAF_CHECK(!script->prunes[0].enforce);
  CAF_CHECK_EQUAL(script->data["s"].size(), 3u);
  CAF_CHECK(has_alert("session-store-over-limit"));
  CAF_CHECK_EQUAL(value("maintenanceHeld"), 1);
  CAF_MESSAGE("it does not wait for the hour once the clock is synchronised");
  synchronised = true;
  pass(1s);
  CAF_CHECK(!has_alert("session-maintenance-held"));
  put("c", R"({"n":1})");
  pass(2s);
  CAF_REQUIRE_EQUAL(script->prunes.size(), 2u);
  CAF_CHECK(script->prunes[1].enforce);
  CAF_CHECK_GREATER(script->prunes[1].older_than_ms, 0);
  CAF_CHECK(script->data["s"] == (documents{{"b", "{}"}, {"c", R"({"n":1})"}}));
  CAF_CHECK(!has_alert("session-store-over-limit"));
}

CAF_TEST(enforce removes nothing once the clock has jumped) {
  config.enforce_maintenance = true;
  config.max_entries = 1;
  script->excess = {"a"};
  start();
  put("a", "{}");
  put("b", "{}");
  CAF_MESSAGE("it jumps a year ahead, to which a year too many documents are too old");
  wall_step_ms = 365LL * 24 * 3'600'000;
  pass(2s);
  CAF_REQUIRE_EQUAL(script->prunes.size(), 1u);
  CAF_CHECK(!script->prunes[0].enforce);
  CAF_CHECK_EQUAL(script->prunes[0].older_than_ms, 0);
  CAF_CHECK_EQUAL(script->data["s"].size(), 2u);
  CAF_CHECK(has_alert("session-maintenance-held"));
  CAF_CHECK(has_alert("session-store-over-limit"));
  CAF_CHECK_EQUAL(value("clockSteps"), 1);
  CAF_MESSAGE("and it stays so when it comes back, for documents have its times");
  wall_step_ms = 0;
  pass(1h);
  put("b", R"({"n":1})");
  pass(2s);
  CAF_CHECK(!script->prunes.back().enforce);
  CAF_CHECK_EQUAL(script->data["s"].size(), 2u);
  CAF_CHECK_EQUAL(value("clockSteps"), 2);
  CAF_CHECK_GREATER(value("maintenanceHeld"), 1);
}

CAF_TEST(a jump holds up no flush and ends no window early) {
  start();
  put("a", "{}");
  wall_step_ms = 365LL * 24 * 3'600'000;
  pass(2s - nanosecond);
  CAF_CHECK_EQUAL(script->applied.size(), 0u);
  pass(nanosecond);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  put("a", R"({"n":1})");
  wall_step_ms = 0;
  pass(2s);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
}

CAF_TEST(maintenance that fails is an alert and flushes go on) {
  config.enforce_maintenance = true;
  start();
  script->prune_failure = caf::make_error(ec::unavailable, "busy");
  put("a", "{}");
  pass(2s);
  CAF_CHECK(has_alert("session-maintenance-failed"));
  script->prune_failure = {};
  put("a", R"({"n":1})");
  pass(2s);
  CAF_CHECK_EQUAL(stored("a"), R"({"n":1})");
  pass(1h);
  put("a", R"({"n":2})");
  pass(2s);
  CAF_CHECK(!has_alert("session-maintenance-failed"));
}

CAF_TEST(a round that fails is tried again with a growing pause and flushes go first) {
  config.enforce_maintenance = true;
  config.max_entries = 1;
  start();
  script->prune_failure = caf::make_error(ec::disk_full, "full");
  script->prune_failures = 100; // else what never pauses never ends
  put("a", "{}");
  put("b", "{}");
  pass(2s);
  CAF_CHECK_EQUAL(script->prunes.size(), 1u);
  size_t tried = 1;
  for (auto wait : {100ms, 200ms, 400ms, 800ms}) {
    pass(wait - nanosecond);
    CAF_CHECK_EQUAL(script->prunes.size(), tried);
    pass(nanosecond);
    CAF_CHECK_EQUAL(script->prunes.size(), ++tried);
  }
  CAF_MESSAGE("a good flush comes at its time and makes the pause no shorter");
  put("c", R"({"n":1})");
  flush();
  CAF_CHECK_EQUAL(stored("c"), R"({"n":1})");
  CAF_CHECK_EQUAL(script->prunes.size(), tried);
  CAF_MESSAGE("once it is good it is over, and so are its pauses");
  script->prune_failure = {};
  script->excess = {"a", "b"};
  pass(1600ms);
  CAF_CHECK_EQUAL(script->prunes.size(), tried + 1);
  CAF_CHECK(!has_alert("session-maintenance-failed"));
  pass(1h);
  CAF_CHECK_EQUAL(script->prunes.size(), tried + 1);
}

CAF_TEST(what came during a round that fails is flushed at its end) {
  config.enforce_maintenance = true;
  config.max_entries = 1;
  start();
  script->prune_failure = caf::make_error(ec::disk_full, "full");
  script->prune_failures = 100;
  put("a", "{}");
  put("b", "{}");
  hold();
  pass(2s);
  release_held(1);
  CAF_REQUIRE_EQUAL(script->prunes.size(), 1u);
  put("a", R"({"n":1})");
  pass(2s);
  CAF_CHECK_EQUAL(stored("a"), "{}");
  release();
  CAF_CHECK_EQUAL(stored("a"), R"({"n":1})");
  CAF_CHECK_EQUAL(script->prunes.size(), 1u);
}

CAF_TEST(a round that removes nothing of an excess is not repeated at once) {
  config.enforce_maintenance = true;
  config.max_entries = 1;
  start();
  put("a", "{}");
  put("b", "{}");
  script->found_after = 100;
  script->excess = {"a"};
  pass(2s);
  CAF_CHECK_EQUAL(script->prunes.size(), 1u);
}

CAF_TEST(an update is dated by a clock that is known to be right or not at all) {
  synchronised = false;
  start();
  put("a", R"({"updatedAt":5})");
  synchronised = true;
  pass(1s);
  put("b", R"({"updatedAt":5})");
  put("c", "{}");
  flush();
  auto& changes = script->applied.at(0).changes;
  CAF_CHECK_EQUAL(changes.at(0).updated_at_ms, doubtful_ms(wall_start_ms));
  CAF_CHECK_EQUAL(changes.at(1).updated_at_ms, 5);
  CAF_CHECK_EQUAL(changes.at(2).updated_at_ms, wall_start_ms + 1000);
  CAF_MESSAGE("AND never again once it has stepped");
  wall_step_ms = 3'600'000;
  put("d", "{}");
  flush();
  auto& last = script->applied.at(1).changes.at(0);
  CAF_CHECK_EQUAL(last.updated_at_ms, doubtful_ms(wall_start_ms + 1000 + wall_step_ms));
  CAF_CHECK_EQUAL(script->prunes.back().right_now_ms, wall_start_ms + 1000);
}

CAF_TEST(a round may remove half of a store of ten and all of a smaller one) {
  config.enforce_maintenance = true;
  for (auto [entries, half] : {std::pair{9, 9u}, {10, 5u}, {11, 5u}, {100, 50u}}) {
    script->data["s"].clear();
    for (int i = 1; i < entries; ++i)
      script->data["s"]["k" + std::to_string(i)] = "{}";
    start();
    put("last", R"({"n":)" + std::to_string(entries) + "}");
    flush();
    CAF_CHECK_EQUAL(script->prunes.back().removes_max, half);
    caf::anon_send_exit(debouncer, caf::exit_reason::kill);
    settle();
  }
}

CAF_TEST(a round that would remove more removes nothing until somebody allows it) {
  config.enforce_maintenance = true;
  config.max_entries = 2;
  for (int i = 1; i < 10; ++i)
    script->data["s"]["k" + std::to_string(i)] = "{}";
  script->excess = {"k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8"};
  start();
  put("a", "{}");
  flush();
  CAF_CHECK_EQUAL(script->data["s"].size(), 10u);
  CAF_CHECK(has_alert("session-removal-held"));
  CAF_MESSAGE("it is not tried with every flush");
  put("a", R"({"n":1})");
  flush();
  CAF_CHECK_EQUAL(script->prunes.size(), 1u);
  CAF_MESSAGE("WHEN it is allowed THEN what is unwritten is written first");
  put("a", R"({"n":2})");
  auto done = ask<session_pruned>(debouncer, atom::prune_v, std::string{"s"});
  CAF_REQUIRE(done.engaged());
  CAF_CHECK_EQUAL(done->keys.size(), 8u);
  CAF_CHECK_EQUAL(script->data["s"].size(), 2u);
  CAF_CHECK_EQUAL(stored("a"), R"({"n":2})");
  CAF_CHECK(!has_alert("session-removal-held"));
}

CAF_TEST(a removal that is asked for is refused where none may be) {
  start();
  auto warned = ask<session_pruned>(debouncer, atom::prune_v, std::string{"s"});
  CAF_CHECK(code_of(warned.error()) == ec::invalid_argument);
  caf::anon_send_exit(debouncer, caf::exit_reason::kill);
  config.enforce_maintenance = true;
  synchronised = false;
  start();
  auto doubted = ask<session_pruned>(debouncer, atom::prune_v, std::string{"s"});
  CAF_CHECK(code_of(doubted.error()) == ec::unavailable);
  synchronised = true;
  pass(1s);
  auto none = ask<session_pruned>(debouncer, atom::prune_v, std::string{"s"});
  CAF_CHECK((none.engaged() && none->keys.empty()));
}

CAF_TEST(disk covers what maintenance has removed) {
  config.enforce_maintenance = true;
  start();
  put("a", "{}");
  pass(2s);
  CAF_REQUIRE(ask<flush_report>(debouncer, atom::flush_v, durability::disk));
  auto synced = script->levels.size();
  CAF_REQUIRE(ask<flush_report>(debouncer, atom::flush_v, durability::disk));
  CAF_CHECK_EQUAL(script->levels.size(), synced);
  script->excess = {"a"};
  CAF_REQUIRE(ask<session_pruned>(debouncer, atom::prune_v, std::string{"s"}));
  CAF_CHECK(script->data["s"].empty());
  CAF_MESSAGE("THEN the next flush to disk syncs the store that became empty");
  CAF_REQUIRE(ask<flush_report>(debouncer, atom::flush_v, durability::disk));
  CAF_REQUIRE_EQUAL(script->levels.size(), synced + 1);
  CAF_CHECK(script->levels.back() == durability::disk);
  CAF_REQUIRE(ask<flush_report>(debouncer, atom::flush_v, durability::disk));
  CAF_CHECK_EQUAL(script->levels.size(), synced + 1);
}

CAF_TEST_FIXTURE_SCOPE_END()

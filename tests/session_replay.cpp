#define CAF_SUITE session_replay

#include "tests/session_spool_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct replay_fixture : session_spool_fixture {
  /// A record that no version of the debouncer has written.
  void append_unreadable(uint64_t last_seq) {
    CAF_REQUIRE(!config.spool->append(lane(), last_seq, 1, "\x7f?"));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_replay_tests, replay_fixture)

// -- taking up ---------------------------------------------------------------------

CAF_TEST(a start takes up the newest state of each session and syncs it) {
  script->data["s"] = {{"a", R"({"n":0})"}, {"z", "{}"}};
  start();
  put("c", R"({"n":1})");
  put("b", R"({"n":1})");
  put("c", R"({"n":2})");
  patch("a", R"({"m":1})");
  erase("z");
  restart();
  CAF_REQUIRE_EQUAL(script->applied.size(), 1u);
  CAF_CHECK(script->levels[0] == durability::disk);
  CAF_CHECK_EQUAL(order_of(script->applied[0]), "b=2 c=3 a=4 z-5 ");
  CAF_CHECK(
    script->data["s"]
    == (documents{{"a", R"({"n":0,"m":1})"}, {"b", R"({"n":1})"}, {"c", R"({"n":2})"}}));
  CAF_CHECK_EQUAL(script->applied[0].mark, (session_mark{config.spool->id(), 5}));
  CAF_CHECK_EQUAL(numbers().released, 5u);
  CAF_CHECK_EQUAL(records(), 0u);
  CAF_CHECK_EQUAL(stats().total_writes, 4u);
  CAF_CHECK_EQUAL(stats().total_coalesced, 1u);
}

CAF_TEST(what was taken up is read before it is written) {
  start();
  put("a", R"({"n":1})");
  kill();
  script->data["s"]["b"] = "{}";
  script->apply_failure = caf::make_error(ec::disk_full, "no space left");
  start();
  CAF_CHECK_EQUAL(get("a"), R"({"n":1})");
  CAF_CHECK_EQUAL(patch("a", R"({"m":2})"), 2u);
  CAF_CHECK(numbers().written == 0);
  script->apply_failure = {};
  pass(100ms);
  CAF_CHECK_EQUAL(stored("a"), R"({"n":1,"m":2})");
  CAF_CHECK(script->levels.back() == durability::disk);
  CAF_CHECK_EQUAL(numbers().released, 2u);
}

CAF_TEST(an update keeps the time of day at which it came) {
  start();
  put("a", "{}");
  kill();
  wall_step_ms = 5000;
  start();
  CAF_CHECK_EQUAL(script->applied.at(0).changes.at(0).updated_at_ms, wall_start_ms);
}

CAF_TEST(a replacement is one record that is taken up whole) {
  script->data["s"] = {{"a", R"({"n":1})"}, {"b", "{}"}};
  start();
  put("c", "{}");
  CAF_CHECK_EQUAL(replace({{"d", "{}"}, {"b", R"({"n":2})"}}), 5u);
  CAF_REQUIRE_EQUAL(records(), 2u);
  auto record = config.spool->read(lane(), 1).at(0);
  CAF_CHECK_EQUAL(record.last_seq, 5u);
  CAF_CHECK_EQUAL(record.count, 4u);
  restart();
  CAF_CHECK(script->data["s"] == (documents{{"b", R"({"n":2})"}, {"d", "{}"}}));
}

CAF_TEST(another debouncer in the same process takes up as well) {
  start();
  put("a", "{}");
  end_debouncer();
  start();
  CAF_CHECK_EQUAL(stored("a"), "{}");
  CAF_CHECK_EQUAL(put("a", R"({"n":1})"), 2u);
}

CAF_TEST(a start with nothing to take up writes nothing) {
  start();
  put("a", "{}");
  pass(2s);
  restart();
  pass(10s);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  CAF_MESSAGE("but what was only written is not taken for synced");
  CAF_CHECK_EQUAL(numbers().released, 0u);
  auto synced = persist(1, durability::disk);
  CAF_CHECK(synced == durability::disk);
  CAF_CHECK(script->levels.back() == durability::disk);
  CAF_CHECK_EQUAL(numbers().released, 1u);
}

// -- numbers and marks -------------------------------------------------------------

CAF_TEST(numbers go on after a start) {
  start();
  put("a", "{}");
  put("b", "{}");
  restart();
  CAF_CHECK_EQUAL(put("c", "{}"), 3u);
  persist(3, durability::disk);
  restart();
  CAF_CHECK_EQUAL(put("d", "{}"), 4u);
}

CAF_TEST(what the mark of this spool covers is not taken up again) {
  start();
  put("a", R"({"n":1})");
  put("b", R"({"n":1})");
  put("a", R"({"n":2})");
  kill();
  script->data["s"] = {{"a", R"({"n":1})"}, {"b", R"({"n":9})"}};
  script->marks["s"] = {config.spool->id(), 2};
  start();
  CAF_CHECK_EQUAL(order_of(script->applied.at(0)), "a=3 ");
  CAF_CHECK_EQUAL(stored("b"), R"({"n":9})");
}

CAF_TEST(the mark of another spool means nothing) {
  start();
  put("a", "{}");
  kill();
  script->marks["s"] = {"another", 7};
  script->data["s"] = {};
  start();
  CAF_CHECK_EQUAL(stored("a"), "{}");
  CAF_CHECK_EQUAL(put("b", "{}"), 2u);
}

CAF_TEST(what the store lost after it had answered is taken up again) {
  start();
  put("a", "{}");
  CAF_CHECK(persist(1, durability::disk));
  put("b", "{}");
  pass(2s);
  put("c", "{}");
  kill();
  CAF_MESSAGE("GIVEN a database that lost every commit since the last sync");
  script->marks["s"] = {config.spool->id(), 1};
  script->data["s"].erase("b");
  start();
  CAF_REQUIRE_EQUAL(script->applied.size(), 3u);
  CAF_CHECK_EQUAL(order_of(script->applied[2]), "b=2 c=3 ");
}

CAF_TEST(what is safe on disk is not taken up again whatever the mark) {
  start();
  put("a", "{}");
  CAF_CHECK(persist(1, durability::disk));
  put("b", "{}");
  kill();
  script->marks.clear();
  start();
  CAF_CHECK_EQUAL(order_of(script->applied.back()), "b=2 ");
}

CAF_TEST(numbers are never behind the mark of the store) {
  start();
  put("a", "{}");
  kill();
  script->data["s"]["a"] = R"({"n":1})";
  script->marks["s"] = {config.spool->id(), 5};
  start();
  CAF_CHECK(script->applied.empty());
  CAF_CHECK_EQUAL(put("a", R"({"n":2})"), 6u);
  restart();
  CAF_CHECK_EQUAL(stored("a"), R"({"n":2})");
}

// -- waiting for it ----------------------------------------------------------------

CAF_TEST(a flush and a persist that come first wait until all is taken up) {
  start();
  put("a", "{}");
  kill();
  hold();
  start();
  auto synced = ask_later<durability>(atom::persist_v, std::string{"s"}, all_so_far,
                                      durability::disk);
  auto flushed = ask_later<flush_report>(atom::flush_v);
  auto read =
    ask_later<std::string>(atom::get_v, std::string{"s"}, std::string{"a"}, credit{});
  release_held(1);
  CAF_CHECK_EQUAL(*read->answer, "{}");
  CAF_CHECK(synced->open() && flushed->open());
  release_held(1);
  CAF_CHECK(*synced->answer == durability::disk);
  CAF_CHECK_EQUAL(flushed->answer->flushed, 1u);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
}

CAF_TEST(a store that cannot tell its totals is asked again with growing pauses) {
  start();
  put("a", "{}");
  kill();
  script->stores_failure = caf::make_error(ec::unavailable, "not yet");
  script->stores_asked = 0;
  start();
  pass(100ms - nanosecond);
  CAF_CHECK_EQUAL(script->stores_asked, 1);
  pass(nanosecond);
  CAF_CHECK_EQUAL(script->stores_asked, 2);
  script->stores_failure = {};
  pass(200ms);
  CAF_CHECK_EQUAL(stored("a"), "{}");
}

CAF_TEST(a stop before anything was taken up says what the spool has) {
  start();
  put("a", "{}");
  put("a", "{}");
  kill();
  script->stores_failure = caf::make_error(ec::unavailable, "not yet");
  start();
  auto stopped = ask_later<stop_report>(atom::stop_v);
  CAF_CHECK_EQUAL(*stopped->answer,
                  (stop_report{"session-debouncer", "", 0, 2, "in the spool"}));
}

// -- setting aside -----------------------------------------------------------------

CAF_TEST(a record that cannot be read is set aside and the rest is taken up) {
  start();
  put("a", "{}");
  append_unreadable(2);
  kill();
  CAF_REQUIRE(!config.spool->append(lane(), 3, 1, "\x01\x02\x01q\x05"));
  script->data["s"]["q"] = "{}";
  start();
  CAF_CHECK(script->data["s"] == (documents{{"a", "{}"}}));
  auto lines = set_aside_lines();
  CAF_REQUIRE_EQUAL(lines.size(), 1u);
  CAF_CHECK_EQUAL(lines[0],
                  R"({"store":"s","lastSeq":2,"count":1,"reason":"the record is of no )"
                  R"(version known here","data":"7f3f"})");
  CAF_CHECK(has_alert("session-record-set-aside"));
  CAF_CHECK_EQUAL(records(), 0u);
  restart();
  CAF_CHECK_EQUAL(set_aside_lines().size(), 1u);
  CAF_CHECK(!has_alert("session-record-set-aside"));
}

CAF_TEST(a record stays in the spool until it could be set aside) {
  start();
  append_unreadable(1);
  kill();
  config.set_aside_directory = directory + "/absent";
  start();
  CAF_CHECK_EQUAL(get("a"), "<disk-failed>");
  CAF_CHECK_EQUAL(records(), 1u);
  std::filesystem::create_directory(config.set_aside_directory);
  pass(10s);
  CAF_CHECK_EQUAL(get("a"), "<not-found>");
  CAF_CHECK(has_alert("session-record-set-aside"));
  CAF_CHECK_EQUAL(records(), 0u);
}

CAF_TEST(a record in which two starts died is set aside by the third) {
  start();
  put("a", "{}");
  put("b", "{}");
  for (auto deaths : {0u, 1u}) {
    kill();
    CAF_CHECK_EQUAL(config.spool->begin_replay(lane(), 1), deaths);
  }
  restart();
  CAF_CHECK(script->data["s"] == (documents{{"b", "{}"}}));
  CAF_CHECK_EQUAL(set_aside_lines().size(), 1u);
  CAF_CHECK(has_alert("session-record-set-aside"));
}

CAF_TEST_FIXTURE_SCOPE_END()

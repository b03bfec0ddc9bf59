// What becomes of sessions that were answered and are lost again: a store that comes back
// with less after an I/O error gets the rest from the spool, and a failed sync is
// remembered over a death.
#define CAF_SUITE session_losses

#include "tests/session_spool_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

const auto io_error = caf::make_error(ec::disk_failed, "input/output error");

struct losses_fixture : session_spool_fixture {
  /// The store has lost what came after this number, and it is told.
  void come_back_with(uint64_t seq, test::documents all) {
    script->data["s"] = std::move(all);
    script->marks["s"] = {config.spool->id(), seq};
    std::vector<session_store_info> stores{script->info("s")};
    self->send(debouncer, atom::recover_v, std::move(stores));
    settle();
  }

  /// Puts and flushes a, then b.
  void write_two() {
    for (auto key : {"a", "b"}) {
      put(key, "{}");
      flush();
    }
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_losses_tests, losses_fixture)

CAF_TEST(a store that comes back with less gets the rest from the spool) {
  start();
  write_two();
  come_back_with(1, {{"a", "{}"}});
  CAF_CHECK_EQUAL(stored("b"), "{}");
  CAF_CHECK_EQUAL(order_of(script->applied.back()), "b=2 ");
  CAF_CHECK(script->levels.back() == durability::disk);
  CAF_CHECK_EQUAL(numbers().released, 2u);
  CAF_CHECK(!numbers().doubt.has_value());
}

CAF_TEST(a store that comes back with nothing gets all that is not safe) {
  start();
  write_two();
  script->marks.clear();
  script->data.clear();
  self->send(debouncer, atom::recover_v, std::vector<session_store_info>{});
  settle();
  CAF_CHECK(script->data["s"] == (test::documents{{"a", "{}"}, {"b", "{}"}}));
}

CAF_TEST(a store that lost nothing is not written to) {
  start();
  write_two();
  come_back_with(2, script->data["s"]);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
}

CAF_TEST(what is newer than what was lost stays) {
  start();
  put("a", R"({"n":1})");
  put("b", "{}");
  flush();
  put("a", R"({"n":3})");
  come_back_with(0, {});
  CAF_CHECK_EQUAL(get("a"), R"({"n":3})");
  CAF_CHECK_EQUAL(stored("a"), R"({"n":3})");
  CAF_CHECK_EQUAL(stored("b"), "{}");
}

CAF_TEST(a flush on its way when the store comes back hides nothing) {
  start();
  put("a", "{}");
  flush();
  put("b", "{}");
  hold();
  pass(2s);
  come_back_with(0, {});
  release_held(1);
  CAF_MESSAGE("GIVEN the mark covers what was lost");
  CAF_CHECK_EQUAL(script->marks["s"].seq, 2u);
  CAF_CHECK_EQUAL(numbers().released, 0u);
  CAF_CHECK_EQUAL(numbers().written, 0u);
  CAF_MESSAGE("THEN a death now takes it up again all the same");
  kill();
  script->holds = false;
  start();
  CAF_CHECK_EQUAL(stored("a"), "{}");
  CAF_CHECK_EQUAL(stored("b"), "{}");
  CAF_CHECK_EQUAL(numbers().released, 2u);
}

CAF_TEST(a flush that a death leaves without an answer hides nothing either) {
  start();
  put("a", "{}");
  flush();
  put("b", "{}");
  hold();
  pass(2s);
  come_back_with(0, {});
  CAF_MESSAGE("GIVEN the flush lands, and the service dies before it hears of that");
  script->data["s"] = {{"b", "{}"}};
  script->marks["s"] = {config.spool->id(), 2};
  kill();
  script->holds = false;
  start();
  CAF_CHECK_EQUAL(stored("a"), "{}");
  CAF_CHECK_EQUAL(stored("b"), "{}");
}

CAF_TEST(a round of maintenance on its way when the store comes back hides nothing) {
  config.enforce_maintenance = true;
  start();
  put("a", "{}");
  pass(2s);
  put("b", "{}");
  flush();
  hold();
  ask_later<session_pruned>(atom::prune_v, std::string{"s"});
  come_back_with(1, {{"a", "{}"}});
  release();
  CAF_CHECK_EQUAL(stored("b"), "{}");
  CAF_CHECK_EQUAL(numbers().released, 2u);
}

CAF_TEST(a write that failed once leaves no doubt behind once it is done) {
  start();
  script->apply_failure = io_error;
  put("a", "{}");
  pass(2s);
  CAF_REQUIRE(numbers().doubt.has_value());
  script->apply_failure = {};
  pass(10s);
  CAF_CHECK_EQUAL(stored("a"), "{}");
  CAF_CHECK(!numbers().doubt.has_value());
}

CAF_TEST(a failed sync is remembered over a death until one is good) {
  start();
  put("a", "{}");
  flush();
  script->apply_failure = io_error;
  CAF_CHECK(code_of(persist(1, durability::disk).error()) == ec::disk_failed);
  CAF_REQUIRE(numbers().doubt.has_value());
  CAF_CHECK(numbers().doubt.value().failed);
  kill();
  CAF_CHECK(numbers().doubt.has_value());
  script->apply_failure = {};
  start();
  CAF_CHECK(persist(1, durability::disk));
  CAF_CHECK(!numbers().doubt.has_value());
}

CAF_TEST(after a failed sync all since the last good one is written again) {
  start();
  put("z", "{}");
  CAF_REQUIRE(persist(1, durability::disk));
  write_two();
  put("c", "{}");
  script->apply_failure = io_error;
  hold();
  auto synced = ask_later<durability>(atom::persist_v, std::string{"s"}, uint64_t{4},
                                      durability::disk);
  release_held(1);
  script->apply_failure = {};
  release();
  pass(100ms);
  CAF_CHECK_EQUAL(order_of(script->applied.back()), "a=2 b=3 c=4 ");
  CAF_CHECK(script->levels.back() == durability::disk);
  CAF_CHECK_EQUAL(numbers().released, 4u);
}

CAF_TEST(while a sync is in doubt a start believes of a store what was synced alone) {
  for (auto failed : {true, false}) {
    script->data.clear();
    script->marks.clear();
    start();
    write_two();
    put("c", "{}");
    if (failed)
      script->apply_failure = io_error;
    else
      hold();
    auto synced = ask_later<durability>(atom::persist_v, std::string{"s"}, all_so_far,
                                        durability::disk);
    kill();
    CAF_MESSAGE("GIVEN the page of a is gone and the mark is there");
    script->holds = false;
    script->apply_failure = {};
    script->data["s"].erase("a");
    script->data["s"]["c"] = "{}";
    script->marks["s"] = {config.spool->id(), numbers().appended};
    start();
    CAF_CHECK(script->data["s"]
              == (test::documents{{"a", "{}"}, {"b", "{}"}, {"c", "{}"}}));
    CAF_CHECK(!numbers().doubt.has_value());
    end_debouncer();
  }
}

CAF_TEST(what a doubt takes up again stays in the spool until it is synced) {
  start();
  write_two();
  hold();
  ask_later<durability>(atom::persist_v, std::string{"s"}, all_so_far, durability::disk);
  kill();
  script->holds = false;
  script->apply_failure = io_error;
  start();
  CAF_CHECK_EQUAL(numbers().written, 0u);
  CAF_CHECK(numbers().doubt.has_value());
  restart();
  script->apply_failure = {};
  script->data["s"].clear();
  restart();
  CAF_CHECK(script->data["s"] == (test::documents{{"a", "{}"}, {"b", "{}"}}));
}

CAF_TEST(a sync that a death cut short is remembered) {
  start();
  put("a", "{}");
  hold();
  ask_later<durability>(atom::persist_v, std::string{"s"}, uint64_t{1}, durability::disk);
  kill();
  CAF_CHECK(numbers().doubt.has_value());
}

// -- an orderly end ------------------------------------------------------------------

CAF_TEST(an end brings everything to disk and leaves nothing in the spool) {
  config.debounce = 1h;
  start();
  put("written", "{}");
  flush();
  put("waiting", "{}");
  update(atom::put_v, session_update{"t", "written", "{}", {}});
  CAF_REQUIRE(ask<flush_report>(debouncer, atom::flush_v, std::string{"t"}));
  auto end = ask<stop_report>(debouncer, atom::stop_v);
  CAF_REQUIRE(end.engaged());
  for (auto each : {"s", "t"})
    CAF_CHECK_EQUAL(numbers(each).released, numbers(each).appended);
  CAF_MESSAGE("WHEN the files of yesterday are put in the place of these");
  script->data["s"] = {{"written", R"({"yesterday":true})"}};
  script->data["t"].clear();
  script->marks.clear();
  script->applied.clear();
  restart();
  CAF_CHECK(script->applied.empty());
  CAF_CHECK_EQUAL(get("written"), R"({"yesterday":true})");
  CAF_CHECK_EQUAL(get("waiting"), "<not-found>");
}

CAF_TEST(an end whose sync fails leaves a doubt behind) {
  start();
  write_two();
  script->apply_failure = io_error;
  auto stopped = ask_later<stop_report>(atom::stop_v);
  kill();
  CAF_REQUIRE(numbers().doubt.has_value());
  CAF_CHECK(numbers().doubt.value().failed);
  CAF_CHECK_EQUAL(numbers().released, 0u);
  script->apply_failure = {};
  script->data["s"].erase("b");
  start();
  CAF_CHECK_EQUAL(stored("b"), "{}");
}

CAF_TEST(an end whose first sync fails goes on until one is good) {
  start();
  write_two();
  script->apply_failure = io_error;
  hold();
  auto stopped = ask_later<stop_report>(atom::stop_v);
  release_held(1);
  CAF_CHECK(stopped->open());
  script->apply_failure = {};
  release();
  pass(100ms);
  CAF_REQUIRE(!stopped->open());
  CAF_CHECK_EQUAL(numbers().released, 2u);
}

CAF_TEST_FIXTURE_SCOPE_END()

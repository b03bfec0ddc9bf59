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

CAF_TEST(a sync that a death cut short is remembered) {
  start();
  put("a", "{}");
  hold();
  ask_later<durability>(atom::persist_v, std::string{"s"}, uint64_t{1}, durability::disk);
  kill();
  CAF_CHECK(numbers().doubt.has_value());
}

CAF_TEST_FIXTURE_SCOPE_END()

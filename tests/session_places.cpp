// How many stores may hold updates that are not written, and who is remembered.
#define CAF_SUITE session_places

#include "tests/session_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct places_fixture : session_fixture {
  places_fixture() { config.max_stores = 2; }

  uint64_t put_in(const std::string& name) {
    return update(atom::put_v, session_update{name, "k", "{}", {}});
  }

  std::string in(const std::string& name) {
    auto found =
      ask<std::string>(debouncer, atom::get_v, name, std::string{"k"}, credit{});
    return found ? *found : "<" + to_string(code_of(found.error())) + ">";
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_places_tests, places_fixture)

CAF_TEST(no more stores hold updates than may and one more is refused) {
  start();
  hold();
  CAF_CHECK_EQUAL(put_in("a"), 1u);
  CAF_CHECK_EQUAL(put_in("b"), 1u);
  CAF_CHECK_EQUAL(put_in("c"), 0u);
  CAF_CHECK(refusal == ec::overloaded);
  CAF_CHECK(text_of(refusal).find("session.max-stores=2") != std::string::npos);
  // Who has a place keeps it, and whoever reads needs none.
  CAF_CHECK_EQUAL(put_in("a"), 2u);
  CAF_CHECK_EQUAL(in("c"), "<not-found>");
  CAF_MESSAGE("WHEN what they hold is written");
  release();
  CAF_CHECK_GREATER(put_in("c"), 0u);
}

CAF_TEST(stores that want for a place are written before their window ends) {
  start();
  put_in("a");
  put_in("b");
  CAF_CHECK(script->applied.empty());
  put_in("c");
  CAF_CHECK(!script->applied.empty());
  CAF_CHECK(script->levels.front() == durability::disk);
}

CAF_TEST(a store that gave its place away goes on with higher numbers) {
  config.debounced = false;
  start();
  put_in("a");
  auto last = put_in("a");
  for (auto each : {"b", "c", "d", "e", "f", "g"})
    put_in(each);
  CAF_CHECK_LESS_OR_EQUAL(value("stores"), 3);
  CAF_CHECK_EQUAL(in("a"), "{}");
  CAF_CHECK_GREATER(put_in("a"), last);
}

CAF_TEST(stores without a place are counted) {
  for (auto each : {"a", "b", "c", "d", "e"})
    script->data[each]["k"] = "{}";
  start();
  CAF_CHECK_EQUAL(stats().store_count, 5u);
  CAF_CHECK_LESS_OR_EQUAL(stats().stores.size(), 2u);
  for (auto each : {"e", "d", "c", "b", "a"})
    CAF_CHECK_EQUAL(in(each), "{}");
  CAF_CHECK_EQUAL(stats().store_count, 5u);
}

CAF_TEST(the limit changes while the service runs) {
  start();
  hold();
  put_in("a");
  put_in("b");
  CAF_CHECK_EQUAL(put_in("c"), 0u);
  session_limits limits;
  limits.max_stores = 5;
  caf::anon_send(debouncer, atom::apply_v, limits);
  settle();
  CAF_CHECK_GREATER(put_in("c"), 0u);
  release();
}

CAF_TEST(a flush of all to disk reaches every store) {
  config.max_stores = 10;
  start();
  for (auto each : {"a", "b", "c"})
    put_in(each);
  auto done = ask<flush_report>(debouncer, atom::flush_v, durability::disk);
  CAF_REQUIRE(done);
  CAF_CHECK_EQUAL(done->flushed, 3u);
  CAF_CHECK_EQUAL(script->levels.size(), 3u);
  for (auto level : script->levels)
    CAF_CHECK(level == durability::disk);
}

CAF_TEST_FIXTURE_SCOPE_END()

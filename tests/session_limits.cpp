#define CAF_SUITE session_limits

#include "actors/session/session_cache.hpp"

#include "tests/session_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

CAF_TEST_FIXTURE_SCOPE(session_limits_tests, session_fixture)

// -- the read cache ----------------------------------------------------------------

CAF_TEST(a read that asks the store is a miss and one from memory is a hit) {
  script->data["s"] = {{"a", "{}"}, {"b", "{}"}};
  start();
  get("a");
  CAF_CHECK_EQUAL(stats().cache_misses, 1u);
  get("a");
  put("b", "{}");
  get("b");
  CAF_CHECK_EQUAL(stats().cache_hits, 2u);
  CAF_CHECK_EQUAL(stats().cache_misses, 1u);
  CAF_CHECK_EQUAL(script->loads, 1);
}

CAF_TEST(what is absent is not remembered) {
  script->data["s"]["a"] = "{}";
  start();
  CAF_CHECK_EQUAL(get("b"), "<not-found>");
  CAF_CHECK_EQUAL(get("b"), "<not-found>");
  CAF_CHECK_EQUAL(script->loads, 2);
  CAF_CHECK_EQUAL(stats().cache_misses, 2u);
}

CAF_TEST(reads that wait for the same look up share it and are misses) {
  script->data["s"]["a"] = "{}";
  start();
  hold();
  auto one =
    ask_later<std::string>(atom::get_v, std::string{"s"}, std::string{"a"}, credit{});
  auto two =
    ask_later<std::string>(atom::get_v, std::string{"s"}, std::string{"a"}, credit{});
  release();
  CAF_CHECK_EQUAL(*one->answer + *two->answer, "{}{}");
  CAF_CHECK_EQUAL(script->loads, 1);
  CAF_CHECK_EQUAL(stats().cache_misses, 2u);
}

CAF_TEST(an entry lives exactly as long as its time to live) {
  script->data["s"]["a"] = "{}";
  start();
  get("a");
  pass(45s - nanosecond);
  get("a");
  CAF_CHECK_EQUAL(script->loads, 1);
  pass(nanosecond);
  get("a");
  CAF_CHECK_EQUAL(script->loads, 2);
}

CAF_TEST(a write updates the cache and a delete empties it) {
  script->data["s"] = {{"a", R"({"n":1})"}, {"b", "{}"}};
  start();
  get("a");
  put("a", R"({"n":2})");
  pass(2s);
  CAF_CHECK_EQUAL(get("a"), R"({"n":2})");
  CAF_CHECK_EQUAL(script->loads, 1);
  patch("a", R"({"m":1})");
  CAF_CHECK_EQUAL(script->loads, 1);
  erase("a");
  pass(2s);
  CAF_CHECK_EQUAL(get("a"), "<not-found>");
  CAF_CHECK_EQUAL(script->loads, 2);
}

CAF_TEST(without a time to live every read asks) {
  config.cache_ttl = caf::timespan{0};
  script->data["s"]["a"] = "{}";
  start();
  CAF_CHECK_EQUAL(get("a"), "{}");
  CAF_CHECK_EQUAL(get("a"), "{}");
  CAF_CHECK_EQUAL(script->loads, 2);
  CAF_CHECK_EQUAL(stats().cache_hits, 0u);
}

CAF_TEST(the cache keeps within its bytes and drops the least recently used) {
  session_cache cache;
  cache.configure(1s, 36);
  caf::actor_clock::time_point now;
  for (auto key : {"a", "b", "c"})
    cache.put("s", key, std::string(10, 'x'), now);
  CAF_CHECK_EQUAL(cache.bytes(), 36u);
  CAF_CHECK(cache.find("s", "a", now) != nullptr);
  cache.put("s", "d", "x", now);
  CAF_CHECK(cache.find("s", "b", now) == nullptr);
  CAF_CHECK(cache.find("s", "a", now) != nullptr);
  CAF_CHECK(cache.find("s", "d", now) != nullptr);
  CAF_MESSAGE("what is larger than all of it is not kept and neither is what it was");
  cache.put("s", "a", std::string(35, 'x'), now);
  CAF_CHECK(cache.find("s", "a", now) == nullptr);
  cache.put("s", "a", std::string(34, 'x'), now);
  CAF_CHECK_EQUAL(cache.entries(), 1u);
  CAF_CHECK_EQUAL(cache.bytes(), 36u);
}

// -- the size of a store -----------------------------------------------------------

CAF_TEST(a store takes as many bytes as allowed and not one more) {
  config.max_store_bytes = 20;
  start();
  CAF_CHECK_EQUAL(put("a", R"({"n":1})"), 1u);
  CAF_CHECK_EQUAL(put("b", R"({"n":123456})"), 0u);
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  CAF_CHECK_EQUAL(text_of(refusal),
                  "store s is at its limit, session.max-store-bytes=20 and 262144 "
                  "sessions");
  CAF_CHECK_EQUAL(put("b", R"({"n":12345})"), 2u);
  CAF_MESSAGE("a refused update changes nothing");
  pass(2s);
  CAF_CHECK_EQUAL(script->data["s"].size(), 2u);
}

CAF_TEST(a document beyond the limit of its store is refused) {
  config.max_store_bytes = 8;
  start();
  CAF_CHECK_EQUAL(put("a", R"({"n":1})"), 1u);
  CAF_CHECK_EQUAL(put("a", R"({"n":12})"), 0u);
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  CAF_CHECK_EQUAL(patch("a", R"({"m":1})"), 0u);
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  CAF_CHECK_EQUAL(get("a"), R"({"n":1})");
}

CAF_TEST(near the limit the size of what is replaced decides) {
  config.max_store_bytes = 16;
  script->data["s"] = {{"a", R"({"n":1})"}, {"b", R"({"n":1})"}};
  start();
  CAF_CHECK_EQUAL(put("a", R"({"n":2})"), 1u);
  CAF_CHECK_EQUAL(script->loads, 1);
  CAF_CHECK_EQUAL(put("a", R"({"n":22})"), 0u);
  CAF_CHECK_EQUAL(put("c", "{}"), 0u);
  hold();
  pass(2s);
  CAF_MESSAGE("in flight it counts the same");
  CAF_CHECK_EQUAL(put("a", R"({"n":3})"), 2u);
  release();
  pass(2s);
  CAF_CHECK_EQUAL(stored("a"), R"({"n":3})");
  CAF_MESSAGE("a delete makes room");
  CAF_CHECK_EQUAL(erase("b"), 3u);
  CAF_CHECK_EQUAL(put("c", R"({"n":4})"), 4u);
  pass(2s);
  CAF_CHECK_EQUAL(script->info("s").bytes, 16u);
}

CAF_TEST(a failed write leaves the reckoning as it was) {
  config.max_store_bytes = 17;
  script->data["s"] = {{"a", R"({"n":1})"}};
  start();
  get("a");
  put("a", R"({"n":22})");
  script->apply_failure = caf::make_error(ec::disk_full, "full");
  hold();
  pass(2s);
  put("a", R"({"n":3})");
  release();
  CAF_CHECK_EQUAL(put("b", R"({"n":444})"), 0u);
  CAF_CHECK_EQUAL(put("b", R"({"n":44})"), 3u);
  CAF_CHECK_EQUAL(put("c", ""), 0u);
}

CAF_TEST(a replacement may fill its store and not more) {
  config.max_store_bytes = 16;
  script->data["s"] = {{"a", R"({"n":1})"}, {"b", R"({"n":1})"}};
  start();
  CAF_CHECK_EQUAL(replace({{"c", R"({"n":1})"}, {"d", R"({"n":12})"}}), 0u);
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  CAF_CHECK_EQUAL(replace({{"c", R"({"n":1})"}, {"d", R"({"n":1})"}}), 4u);
  pass(2s);
  CAF_CHECK_EQUAL(script->info("s").bytes, 16u);
}

// -- what is told to the store -----------------------------------------------------

CAF_TEST(a change carries its own updatedAt or else the time of its update) {
  start();
  put("a", R"({"updatedAt":12})");
  pass(1s);
  put("b", "{}");
  pass(1s);
  CAF_REQUIRE_EQUAL(script->applied.size(), 1u);
  CAF_CHECK_EQUAL(script->applied[0].changes[0].updated_at_ms, 12);
  CAF_CHECK_EQUAL(script->applied[0].changes[1].updated_at_ms, wall_start_ms + 1000);
}

CAF_TEST_FIXTURE_SCOPE_END()

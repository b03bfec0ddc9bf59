#define CAF_SUITE session_debouncer

#include "tests/session_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

CAF_TEST_FIXTURE_SCOPE(session_debouncer_tests, session_fixture)

// -- windows -----------------------------------------------------------------------

CAF_TEST(an update is answered at once and written at the end of its window) {
  start();
  CAF_CHECK_EQUAL(put("a", "{}"), 1u);
  pass(2s - nanosecond);
  CAF_CHECK(script->applied.empty());
  pass(nanosecond);
  CAF_REQUIRE_EQUAL(script->applied.size(), 1u);
  CAF_CHECK_EQUAL(stored("a"), "{}");
  CAF_CHECK(script->levels[0] == durability::ram);
}

CAF_TEST(the window runs from the first update and does not slide) {
  start();
  for (int i = 0; i < 60; ++i) {
    put("a", "{\"n\":" + std::to_string(i) + "}");
    pass(1s);
    CAF_MESSAGE("none waits longer than one window");
    if (i > 0)
      CAF_CHECK_GREATER_OR_EQUAL(static_cast<int>(script->applied.size()), (i + 1) / 2);
  }
  CAF_CHECK_EQUAL(script->applied.size(), 30u);
  CAF_CHECK_EQUAL(stored("a"), "{\"n\":59}");
}

CAF_TEST(each store has its own window) {
  start();
  put("a", "{}");
  pass(1s);
  update(atom::put_v, session_update{"t", "b", "{}", {}});
  pass(1s);
  CAF_REQUIRE_EQUAL(script->applied.size(), 1u);
  CAF_CHECK_EQUAL(script->applied[0].store, "s");
  pass(1s);
  CAF_REQUIRE_EQUAL(script->applied.size(), 2u);
  CAF_CHECK_EQUAL(script->applied[1].store, "t");
}

CAF_TEST(so many sessions as max pending are flushed early and one fewer is not ) {
  config.max_pending = 3;
  start();
  put("a", "{}");
  put("b", "{}");
  put("b", "{\"n\":1}");
  CAF_CHECK(script->applied.empty());
  put("c", "{}");
  CAF_REQUIRE_EQUAL(script->applied.size(), 1u);
  CAF_CHECK_EQUAL(script->applied[0].changes.size(), 3u);
  CAF_MESSAGE("the window that was open then does not end the next one early");
  pass(1s);
  put("d", "{}");
  pass(1s);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  pass(1s);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
}

CAF_TEST(without debouncing every update is written at once) {
  config.debounced = false;
  start();
  put("a", "{}");
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  hold();
  put("b", "{}");
  put("c", "{}");
  put("d", "{}");
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  release();
  CAF_REQUIRE_EQUAL(script->applied.size(), 3u);
  CAF_CHECK_EQUAL(script->applied[2].changes.size(), 2u);
}

CAF_TEST(updates during a flush wait for a window of their own) {
  start();
  put("a", "{}");
  hold();
  pass(2s);
  put("b", "{}");
  pass(1s);
  release();
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  pass(1s - nanosecond);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  pass(nanosecond);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
}

CAF_TEST(a window that ends during a flush is flushed right behind it) {
  start();
  put("a", "{}");
  hold();
  pass(2s);
  put("b", "{}");
  pass(5s);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  release();
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  CAF_CHECK_EQUAL(stored("b"), "{}");
}

// -- merging -----------------------------------------------------------------------

CAF_TEST(two callers that update two keys in one window are both kept) {
  start();
  auto one = ask_later<session_receipt>(atom::put_v, session_update{"s", "a", "{}", {}});
  auto two = ask_later<session_receipt>(atom::put_v, session_update{"s", "b", "{}", {}});
  CAF_CHECK_EQUAL(one->answer->seq, 1u);
  CAF_CHECK_EQUAL(two->answer->seq, 2u);
  pass(2s);
  CAF_REQUIRE_EQUAL(script->applied.size(), 1u);
  CAF_CHECK_EQUAL(stored("a") + stored("b"), "{}{}");
}

CAF_TEST(two callers that patch members of one key are both kept) {
  script->data["s"]["a"] = R"({"x":0,"y":0,"z":1.0})";
  start();
  hold();
  auto one =
    ask_later<session_receipt>(atom::patch_v, session_update{"s", "a", R"({"x":1})", {}});
  auto two =
    ask_later<session_receipt>(atom::patch_v, session_update{"s", "a", R"({"y":2})", {}});
  CAF_CHECK(one->open() && two->open());
  release();
  CAF_CHECK_EQUAL(script->loads, 1);
  CAF_CHECK_EQUAL(one->answer->seq, 1u);
  CAF_CHECK_EQUAL(two->answer->seq, 2u);
  pass(2s);
  CAF_CHECK_EQUAL(stored("a"), R"({"x":1,"y":2,"z":1.0})");
}

CAF_TEST(requests to a key that is looked up keep their order) {
  script->data["s"]["a"] = R"({"n":0})";
  start();
  hold();
  auto patched =
    ask_later<session_receipt>(atom::patch_v, session_update{"s", "a", R"({"n":1})", {}});
  auto read =
    ask_later<std::string>(atom::get_v, std::string{"s"}, std::string{"a"}, credit{});
  auto put_ =
    ask_later<session_receipt>(atom::put_v, session_update{"s", "a", R"({"m":1})", {}});
  auto again =
    ask_later<session_receipt>(atom::patch_v, session_update{"s", "a", R"({"n":2})", {}});
  auto other =
    ask_later<session_receipt>(atom::put_v, session_update{"s", "b", "{}", {}});
  CAF_MESSAGE("another key does not wait");
  CAF_CHECK(put_->open());
  CAF_CHECK_EQUAL(other->answer->seq, 1u);
  release();
  CAF_CHECK_EQUAL(patched->answer->seq, 2u);
  CAF_CHECK_EQUAL(*read->answer, R"({"n":1})");
  CAF_CHECK_EQUAL(put_->answer->seq, 3u);
  CAF_CHECK_EQUAL(again->answer->seq, 4u);
  CAF_CHECK_EQUAL(get("a"), R"({"m":1,"n":2})");
  CAF_CHECK_EQUAL(script->loads, 1);
}

CAF_TEST(a patch of an absent session makes it) {
  script->data["s"]["other"] = "{}";
  start();
  CAF_CHECK_EQUAL(patch("a", R"({"x":{"y":null},"z":1})"), 1u);
  CAF_CHECK_EQUAL(script->loads, 1);
  CAF_CHECK_EQUAL(get("a"), R"({"x":{},"z":1})");
}

CAF_TEST(a put needs no look up and a store without keys needs none either) {
  script->data["s"]["other"] = "{}";
  start();
  put("a", "{}");
  patch("a", R"({"x":1})");
  update(atom::patch_v, session_update{"t", "a", "{}", {}});
  CAF_CHECK_EQUAL(script->loads, 0);
}

CAF_TEST(a failed look up is answered and harms neither a put behind it nor the next) {
  script->data["s"]["a"] = R"({"n":0})";
  start();
  script->load_failure = caf::make_error(ec::unavailable, "no reader");
  hold();
  auto patched =
    ask_later<session_receipt>(atom::patch_v, session_update{"s", "a", R"({"n":1})", {}});
  auto read =
    ask_later<std::string>(atom::get_v, std::string{"s"}, std::string{"a"}, credit{});
  auto erased = ask_later<session_receipt>(atom::erase_v, std::string{"s"},
                                           std::string{"a"}, durability::memory);
  auto replaced =
    ask_later<session_receipt>(atom::put_v, session_update{"s", "a", R"({"m":1})", {}});
  auto again =
    ask_later<session_receipt>(atom::patch_v, session_update{"s", "a", R"({"n":2})", {}});
  release();
  CAF_CHECK(code_of(patched->failure) == ec::unavailable);
  CAF_CHECK(code_of(read->failure) == ec::unavailable);
  CAF_CHECK(code_of(erased->failure) == ec::unavailable);
  CAF_CHECK_EQUAL(replaced->answer->seq, 1u);
  CAF_CHECK_EQUAL(again->answer->seq, 2u);
  CAF_CHECK_EQUAL(get("a"), R"({"m":1,"n":2})");
}

// -- deleting and replacing --------------------------------------------------------

CAF_TEST(a delete removes and then is not found) {
  script->data["s"]["a"] = "{}";
  start();
  CAF_CHECK_EQUAL(erase("a"), 1u);
  CAF_CHECK_EQUAL(get("a"), "<not-found>");
  CAF_CHECK_EQUAL(erase("a"), 0u);
  CAF_CHECK(code_of(refusal) == ec::not_found);
  pass(2s);
  CAF_CHECK_EQUAL(stored("a"), "<none>");
  CAF_CHECK_EQUAL(erase("a"), 0u);
  CAF_CHECK(code_of(refusal) == ec::not_found);
}

CAF_TEST(a delete of what never was is not found) {
  script->data["s"]["a"] = "{}";
  start();
  CAF_CHECK_EQUAL(erase("b"), 0u);
  CAF_CHECK(code_of(refusal) == ec::not_found);
  CAF_CHECK_EQUAL(
    update(atom::erase_v, std::string{"t"}, std::string{"a"}, durability::memory), 0u);
  CAF_CHECK(code_of(refusal) == ec::not_found);
  pass(2s);
  CAF_CHECK(script->applied.empty());
}

CAF_TEST(a delete and a put in one window leave the put) {
  script->data["s"]["a"] = R"({"n":1})";
  start();
  erase("a");
  put("a", R"({"n":2})");
  CAF_CHECK_EQUAL(get("a"), R"({"n":2})");
  pass(2s);
  CAF_CHECK_EQUAL(stored("a"), R"({"n":2})");
  CAF_CHECK_EQUAL(stats().total_writes, 1u);
  CAF_CHECK_EQUAL(stats().total_coalesced, 1u);
}

CAF_TEST(a replacement is one update for each key it sets or removes) {
  config.max_pending = 100;
  script->data["s"] = {{"a", R"({"n":1})"}, {"b", R"({"n":2})"}, {"c", R"({"n":3})"}};
  start();
  put("d", "{}");
  CAF_MESSAGE("it sets a and e and removes b, c and d");
  CAF_CHECK_EQUAL(replace({{"a", R"({"n":1})"}, {"e", "{}"}}), 6u);
  documents now{{"a", R"({"n":1})"}, {"e", "{}"}};
  CAF_CHECK(get_all() == now);
  pass(2s);
  CAF_CHECK(script->data["s"] == now);
  CAF_CHECK_EQUAL(stats().total_writes, 3u);
  CAF_CHECK_EQUAL(stats().total_writes + stats().total_coalesced, 6u);
}

CAF_TEST(what comes after a replacement stays after it) {
  script->data["s"] = {{"a", R"({"n":1})"}, {"b", "{}"}};
  start();
  hold();
  auto before =
    ask_later<session_receipt>(atom::patch_v, session_update{"s", "a", R"({"m":1})", {}});
  auto replaced = ask_later<session_receipt>(atom::replace_v,
                                             session_replacement{"s", {{"c", "{}"}}, {}});
  auto after =
    ask_later<session_receipt>(atom::patch_v, session_update{"s", "b", R"({"m":2})", {}});
  CAF_CHECK_EQUAL(script->whole_loads, 0);
  release_held(1);
  CAF_CHECK_EQUAL(before->answer->seq, 1u);
  CAF_CHECK_EQUAL(script->whole_loads, 1);
  CAF_CHECK(replaced->open() && after->open());
  release();
  CAF_CHECK_EQUAL(replaced->answer->seq, 4u);
  CAF_CHECK_EQUAL(after->answer->seq, 5u);
  CAF_CHECK(get_all() == (documents{{"b", R"({"m":2})"}, {"c", "{}"}}));
}

CAF_TEST(a replacement whose reading fails changes nothing) {
  script->data["s"]["a"] = "{}";
  start();
  script->load_failure = caf::make_error(ec::unavailable, "no reader");
  CAF_CHECK_EQUAL(replace({}), 0u);
  CAF_CHECK(code_of(refusal) == ec::unavailable);
  script->load_failure = {};
  CAF_CHECK_EQUAL(get("a"), "{}");
  CAF_CHECK_EQUAL(put("a", "{}"), 1u);
}

// -- reading -----------------------------------------------------------------------

CAF_TEST(reads see unwritten updates and those in flight) {
  script->data["s"] = {{"a", R"({"n":1})"}, {"b", R"({"n":1})"}, {"c", "{}"}};
  start();
  put("a", R"({"n":2})");
  erase("c");
  CAF_CHECK_EQUAL(get("a"), R"({"n":2})");
  hold();
  pass(2s);
  put("b", R"({"n":3})");
  CAF_MESSAGE("a is in flight, b waits");
  CAF_CHECK_EQUAL(get("a"), R"({"n":2})");
  CAF_CHECK_EQUAL(get("b"), R"({"n":3})");
  CAF_CHECK_EQUAL(get("c"), "<not-found>");
  release();
  CAF_CHECK(get_all() == (documents{{"a", R"({"n":2})"}, {"b", R"({"n":3})"}}));
}

CAF_TEST(a whole store that is read during a flush has what the flush wrote) {
  script->data["s"] = {{"a", R"({"n":1})"}, {"b", "{}"}, {"z", "{}"}};
  start();
  put("a", R"({"n":2})");
  erase("b");
  hold();
  pass(2s);
  auto all =
    ask_later<std::vector<session_document>>(atom::get_all_v, std::string{"s"}, credit{});
  auto same =
    ask_later<std::vector<session_document>>(atom::get_all_v, std::string{"s"}, credit{});
  CAF_MESSAGE("the flush ends between the reading and its answer");
  release_held(1);
  put("c", "{}");
  release();
  std::vector<session_document> now{{"a", R"({"n":2})"}, {"c", "{}"}, {"z", "{}"}};
  CAF_CHECK(*all->answer == now);
  CAF_CHECK(*same->answer == now);
  CAF_CHECK_EQUAL(script->whole_loads, 1);
}

CAF_TEST(a store that nobody wrote to is empty) {
  start();
  CAF_CHECK(get_all().empty());
  CAF_CHECK_EQUAL(get("a"), "<not-found>");
  CAF_CHECK_EQUAL(script->whole_loads + script->loads, 0);
}

CAF_TEST(requests that come before the totals wait and are refused with their error) {
  script->data["s"]["a"] = "{}";
  script->stores_failure = caf::make_error(ec::unavailable, "not yet");
  hold();
  start();
  auto early =
    ask_later<session_receipt>(atom::put_v, session_update{"s", "a", "{}", {}});
  CAF_CHECK(early->open());
  release();
  CAF_CHECK(code_of(early->failure) == ec::unavailable);
  script->stores_failure = {};
  CAF_CHECK_EQUAL(get("a"), "{}");
  CAF_CHECK_EQUAL(script->stores_asked, 2);
}

// -- numbers -----------------------------------------------------------------------

CAF_TEST(an equal update is no write and all counts add up) {
  script->data["s"] = {{"a", "{}"}, {"b", "{}"}};
  start();
  put("a", "{}");
  put("b", R"({"n":1})");
  put("b", R"({"n":2})");
  put("c", "{}");
  erase("c");
  pass(2s);
  auto now = stats();
  CAF_CHECK_EQUAL(now.total_writes, 1u);
  CAF_CHECK_EQUAL(now.total_coalesced, 4u);
  CAF_CHECK_EQUAL(now.pending, 0u);
  CAF_CHECK(now.stores == std::vector<session_store_info>{script->info("s")});
}

CAF_TEST(stats tell pending sessions and stores that are only pending) {
  start();
  put("a", "{}");
  put("b", "{}");
  put("a", R"({"n":1})");
  auto now = stats();
  CAF_CHECK_EQUAL(now.pending, 2u);
  CAF_CHECK(now.stores == (std::vector<session_store_info>{{"s", 2, 11}}));
  CAF_CHECK(!now.failing);
  CAF_CHECK_EQUAL(status().held_bytes, 11u);
}

CAF_TEST(each count is told exactly once) {
  script->data["s"]["a"] = "{}";
  start();
  get("a");
  get("a");
  put("a", R"({"n":1})");
  put("a", R"({"n":2})");
  pass(2s);
  metrics_delta all;
  all.cache_hits = 1;
  all.cache_misses = 1;
  all.session_writes = 1;
  all.session_coalesced = 1;
  CAF_CHECK(told->counts == all);
  CAF_MESSAGE("each update is an item of its store's account");
  const uint64_t bytes = 2 * (std::string{"a"} + R"({"n":1})").size();
  CAF_CHECK(
    (told->ledger == std::vector<ledger_entry>{{"session", "s", {2, bytes, 0, 0, 0}}}));
  CAF_CHECK(collect() == metrics_report{});
  get("a");
  CAF_CHECK_EQUAL(collect().counts.cache_hits, 1u);
  CAF_CHECK(collect() == metrics_report{});
}

CAF_TEST_FIXTURE_SCOPE_END()

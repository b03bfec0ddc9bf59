#define CAF_SUITE session_spool

#include "tests/session_spool_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

const auto full = caf::make_error(ec::disk_full, "no space left");

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_spool_tests, session_spool_fixture)

// -- receipts ----------------------------------------------------------------------

CAF_TEST(every update is in the spool before it is answered) {
  script->data["s"]["b"] = R"({"n":1})";
  start();
  CAF_CHECK(put_at_least("a", "{}") == (session_receipt{1, durability::ram}));
  CAF_CHECK_EQUAL(patch("b", R"({"m":2})"), 2u);
  CAF_CHECK_EQUAL(erase("a"), 3u);
  CAF_CHECK_EQUAL(records(), 3u);
  CAF_CHECK_EQUAL(numbers().appended, 3u);
  auto last = config.spool->read(lane(), 1);
  CAF_REQUIRE_EQUAL(last.size(), 2u);
  CAF_MESSAGE("a patch is kept as the document that it makes");
  std::vector<session_change> patched{{"b", false, R"({"n":1,"m":2})", wall_start_ms, 2}};
  std::vector<session_change> erased{{"a", true, "", wall_start_ms, 3}};
  CAF_CHECK(read_session_record(last[0]) == patched);
  CAF_CHECK(read_session_record(last[1]) == erased);
}

CAF_TEST(without a spool memory is all there is and more is refused) {
  config.spool.reset();
  start();
  CAF_CHECK(put_at_least("a", "{}") == (session_receipt{1, durability::memory}));
  CAF_CHECK(code_of(put_at_least("a", R"({"n":2})", durability::ram).error())
            == ec::unavailable);
  CAF_CHECK(code_of(put_at_least("a", R"({"n":2})", durability::disk).error())
            == ec::unavailable);
  CAF_CHECK_EQUAL(get("a"), "{}");
  CAF_CHECK_EQUAL(put("a", R"({"n":3})"), 2u);
  pass(2s);
  CAF_CHECK_EQUAL(script->applied.at(0).mark, session_mark{});
}

CAF_TEST(with its files gone the spool is no better than none) {
  start();
  put("a", "{}");
  lose_spool();
  CAF_CHECK(put_at_least("b", "{}") == (session_receipt{2, durability::memory}));
  for (auto level : {durability::ram, durability::disk}) {
    CAF_CHECK(code_of(put_at_least("b", R"({"n":2})", level).error()) == ec::unavailable);
    auto erased = ask<session_receipt>(debouncer, atom::erase_v, std::string{"s"},
                                       std::string{"b"}, level);
    CAF_CHECK(code_of(erased.error()) == ec::unavailable);
    auto replaced = ask<session_receipt>(debouncer, atom::replace_v,
                                         session_replacement{"s", {}, {}, level});
    CAF_CHECK(code_of(replaced.error()) == ec::unavailable);
  }
  CAF_CHECK(get_all() == (documents{{"a", "{}"}, {"b", "{}"}}));
  CAF_CHECK_EQUAL(put("c", "{}"), 3u);
}

CAF_TEST(the keeper is told when an update or a flush finds the files gone) {
  start();
  put("a", "{}");
  pass(2s);
  put("a", R"({"n":1})");
  CAF_CHECK_EQUAL(*keeper_told, 0);
  std::filesystem::remove_all(settings.dir);
  pass(2s);
  CAF_CHECK_EQUAL(*keeper_told, 1);
  CAF_CHECK(put_at_least("a", "{}") == (session_receipt{3, durability::memory}));
  CAF_CHECK_EQUAL(*keeper_told, 2);
}

CAF_TEST(a new spool goes on with the numbers) {
  start();
  put("a", "{}");
  lose_spool();
  put("b", "{}");
  flush();
  CAF_REQUIRE(!config.spool->renew());
  CAF_CHECK(put_at_least("c", "{}") == (session_receipt{3, durability::ram}));
  flush();
  CAF_CHECK_EQUAL(script->applied.at(1).mark, (session_mark{config.spool->id(), 3}));
  restart();
  CAF_CHECK_EQUAL(put("d", "{}"), 4u);
}

// -- refusals ----------------------------------------------------------------------

CAF_TEST(what the spool has no room for is refused and changes nothing) {
  config.max_pending = 100'000;
  start();
  hold();
  auto taken = fill_spool();
  CAF_CHECK_GREATER(taken, 100u);
  CAF_CHECK(code_of(refusal) == ec::overloaded);
  CAF_CHECK_EQUAL(get("fill-" + std::to_string(taken)), "<not-found>");
  CAF_CHECK_EQUAL(stats().pending, taken);
  std::vector<session_document> larger{
    {"fill-0", R"({"x":")" + std::string(2000, 'y') + R"("})"}};
  CAF_CHECK_EQUAL(replace(larger), 0u);
  CAF_CHECK(code_of(refusal) == ec::overloaded);
  CAF_CHECK_EQUAL(stats().pending, taken);
  CAF_CHECK_EQUAL(get_all().size(), taken);
  CAF_MESSAGE("the flush was brought forward; it makes room and no number was lost");
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  release();
  CAF_CHECK_EQUAL(put("more", "{}"), taken + 1);
}

CAF_TEST(a full spool is a full disk while sessions cannot be written) {
  config.max_pending = 100'000;
  start();
  script->apply_failure = full;
  put("a", "{}");
  pass(2s);
  auto taken = fill_spool();
  CAF_CHECK(code_of(refusal) == ec::disk_full);
  CAF_CHECK_EQUAL(stats().pending, taken + 1);
  script->apply_failure = {};
  pass(10s);
  CAF_CHECK_EQUAL(script->data["s"].size(), taken + 1);
}

CAF_TEST(a request larger than half of the spool is too large) {
  start();
  put("a", "{}");
  auto document = R"({"x":")" + std::string(settings.max_bytes / 2, 'x') + R"("})";
  CAF_CHECK_EQUAL(put("a", document), 0u);
  CAF_CHECK(code_of(refusal) == ec::too_large);
  CAF_CHECK_EQUAL(replace({{"b", document}}), 0u);
  CAF_CHECK(code_of(refusal) == ec::too_large);
  CAF_CHECK(get_all() == (documents{{"a", "{}"}}));
  CAF_CHECK_EQUAL(erase("a"), 2u);
}

// -- credit ------------------------------------------------------------------------

CAF_TEST(credit returns as soon as the update is in the spool) {
  auto bytes = std::make_shared<budget>(100);
  start();
  put("a", "{}", bytes->try_draw(10).first);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 0u);
  replace({{"b", "{}"}, {"c", "{}"}}, bytes->try_draw(20).first);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 0u);
  CAF_CHECK(script->applied.empty());
  CAF_MESSAGE("what is in memory alone keeps it until it is written");
  lose_spool();
  put("b", R"({"n":1})", bytes->try_draw(30).first);
  CAF_CHECK_EQUAL(bytes->used_bytes(), 30u);
  flush();
  CAF_CHECK_EQUAL(bytes->used_bytes(), 0u);
}

// -- writing -----------------------------------------------------------------------

CAF_TEST(a flush has the mark and is in the order of the newest numbers) {
  start();
  put("c", "{}");
  put("a", "{}");
  put("b", "{}");
  put("c", R"({"n":1})");
  erase("a");
  flush();
  CAF_REQUIRE_EQUAL(script->applied.size(), 1u);
  CAF_CHECK_EQUAL(script->applied[0].mark, (session_mark{config.spool->id(), 5}));
  CAF_CHECK_EQUAL(order_of(script->applied[0]), "b=3 c=4 a-5 ");
}

CAF_TEST(what a failed flush turns back keeps its number and its order) {
  start();
  put("b", "{}");
  put("a", "{}");
  script->apply_failure = full;
  hold();
  pass(2s);
  put("b", R"({"n":1})");
  release();
  CAF_CHECK_EQUAL(numbers().written, 0u);
  script->apply_failure = {};
  pass(100ms);
  CAF_REQUIRE_EQUAL(script->applied.size(), 2u);
  CAF_CHECK_EQUAL(script->applied[1].mark.seq, 3u);
  CAF_CHECK_EQUAL(order_of(script->applied[1]), "a=2 b=3 ");
  CAF_CHECK_EQUAL(numbers().written, 3u);
}

CAF_TEST(the spool lets go of what is synced and of nothing else) {
  start();
  put("a", "{}");
  hold();
  pass(2s);
  put("b", "{}");
  CAF_CHECK_EQUAL(numbers().written, 0u);
  release();
  CAF_CHECK_EQUAL(numbers().written, 1u);
  CAF_CHECK_EQUAL(numbers().released, 0u);
  CAF_CHECK_EQUAL(records(), 2u);
  CAF_CHECK(persist(2, durability::disk) == durability::disk);
  CAF_CHECK_EQUAL(numbers().released, 2u);
  CAF_CHECK_EQUAL(records(), 0u);
}

CAF_TEST(ram is reached in the spool and disk is not ) {
  start();
  put("a", "{}");
  CAF_CHECK(persist(all_so_far, durability::ram) == durability::ram);
  CAF_CHECK(script->applied.empty());
  CAF_CHECK(persist(all_so_far, durability::disk) == durability::disk);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  CAF_MESSAGE("what is in memory alone must be written for it");
  put("a", R"({"n":1})");
  lose_spool();
  CAF_CHECK(persist(all_so_far, durability::ram) == durability::ram);
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
}

CAF_TEST(stores are independent of each other in the spool) {
  start();
  put("a", "{}");
  update(atom::put_v, session_update{"t", "a", R"({"t":1})", {}});
  CAF_CHECK_EQUAL(update(atom::put_v, session_update{"t", "b", R"({"t":2})", {}}), 2u);
  persist(2, durability::disk, "t");
  CAF_CHECK_EQUAL(numbers("t").released, 2u);
  CAF_CHECK_EQUAL(numbers("s").written, 0u);
  CAF_CHECK_EQUAL(records("s"), 1u);
  restart();
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  CAF_CHECK_EQUAL(stored("a"), "{}");
}

// -- early flushes -----------------------------------------------------------------

CAF_TEST(so many as max pending are flushed early unless adaptive leaves it to time) {
  config.max_pending = 3;
  for (auto adaptive : {false, true}) {
    config.adaptive = adaptive;
    script->applied.clear();
    start();
    put("a", "{}");
    put("b", "{}");
    CAF_CHECK(script->applied.empty());
    put("c", "{}");
    CAF_CHECK_EQUAL(script->applied.size(), adaptive ? 0u : 1u);
    put("d", "{}");
    CAF_CHECK_EQUAL(script->applied.size(), adaptive ? 0u : 1u);
    pass(2s - nanosecond);
    CAF_CHECK_EQUAL(script->applied.size(), adaptive ? 0u : 1u);
    pass(nanosecond);
    CAF_CHECK_EQUAL(script->applied.size(), adaptive ? 1u : 2u);
    end_debouncer();
  }
}

CAF_TEST(windows end on the grid and never later than promised) {
  config.grid = {500ms};
  start();
  auto off_grid = sched.clock().now().time_since_epoch() % 500ms;
  pass(500ms - off_grid + 100ms);
  put("a", "{}");
  pass(1900ms - nanosecond);
  CAF_CHECK(script->applied.empty());
  pass(nanosecond);
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
}

CAF_TEST(adaptive flushes early when the spool is short of room or is not there) {
  config.max_pending = 3;
  config.adaptive = true;
  start();
  auto document = R"({"x":")" + std::string(settings.max_bytes / 5, 'x') + R"("})";
  put("a", document);
  put("a", document);
  CAF_CHECK(config.spool->has_room());
  put("a", document);
  CAF_CHECK(!config.spool->has_room());
  put("b", "{}");
  CAF_CHECK(script->applied.empty());
  put("c", "{}");
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  CAF_CHECK(config.spool->has_room());
  lose_spool();
  for (auto key : {"a", "b", "c"})
    put(key, "{}");
  CAF_CHECK_EQUAL(script->applied.size(), 2u);
  end_debouncer();
  config.spool.reset();
  start();
  for (auto key : {"d", "e", "f"})
    put(key, "{}");
  CAF_CHECK_EQUAL(script->applied.size(), 3u);
}

CAF_TEST_FIXTURE_SCOPE_END()

// Stores that cannot be read: not the same as stores with nothing in them.
#define CAF_SUITE session_unread

#include "tests/session_spool_fixture.hpp"

using namespace sluice;
using namespace sluice::test;
using namespace std::string_literals;

namespace {

struct unread_fixture : session_spool_fixture {
  /// Words of the refusal, or what was answered instead.
  template <class Answer, class... Args>
  std::string refusal_of(Args... args) {
    auto answer = ask<Answer>(debouncer, args...);
    if (answer)
      return "an answer";
    return to_string(code_of(answer.error())) + ": " + text_of(answer.error());
  }

  session_update of(const std::string& which) { return {which, "a", R"({"n":2})", {}}; }

  /// What every request for the store is answered with.
  std::vector<std::string> refusals(const std::string& which) {
    return {
      refusal_of<session_receipt>(atom::put_v, of(which)),
      refusal_of<session_receipt>(atom::patch_v, of(which)),
      refusal_of<session_receipt>(atom::erase_v, which, "a"s, durability::memory),
      refusal_of<session_receipt>(atom::replace_v, session_replacement{which, {}, {}}),
      refusal_of<std::string>(atom::get_v, which, "a"s, credit{}),
      refusal_of<std::vector<session_document>>(atom::get_all_v, which, credit{}),
      refusal_of<flush_report>(atom::flush_v, which),
      refusal_of<durability>(atom::persist_v, which, all_so_far, durability::disk)};
  }

  bool all_refused() {
    auto all = refusals("s");
    return std::all_of(all.begin(), all.end(), [this](const std::string& x) {
      return x == "unavailable: " + script->unreadable["s"];
    });
  }

  uint64_t put_to(const std::string& which) { return update(atom::put_v, of(which)); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_unread_tests, unread_fixture)

CAF_TEST(a store that cannot be read refuses every request with the reason) {
  script->unreadable["s"] = "s.json is no session store";
  start();
  CAF_CHECK(all_refused());
  CAF_MESSAGE("THEN nothing of it was taken");
  CAF_CHECK(config.spool->lanes().empty());
  CAF_CHECK_EQUAL(script->applied.size(), 0u);
  CAF_CHECK_EQUAL(value("pending"), 0);
  CAF_MESSAGE("AND the others go on");
  CAF_CHECK_EQUAL(put_to("t"), 1u);
  CAF_CHECK(ask<flush_report>(debouncer, atom::flush_v).engaged());
  auto all = stats();
  CAF_CHECK_EQUAL(all.stores.size(), 1u);
  CAF_REQUIRE_EQUAL(all.unreadable.size(), 1u);
  CAF_CHECK_EQUAL(all.unreadable[0].unreadable, script->unreadable["s"]);
}

CAF_TEST(a store that can be read again is served at the next request) {
  script->unreadable["s"] = "s.json is cut off";
  script->data["s"]["a"] = R"({"history":[1]})";
  start();
  CAF_CHECK(all_refused());
  script->unreadable.clear();
  patch("a", R"({"n":1})");
  CAF_CHECK_EQUAL(get("a"), R"({"history":[1],"n":1})");
  CAF_CHECK(stats().unreadable.empty());
}

CAF_TEST(a store that can be read again is found though nobody asks) {
  script->unreadable["s"] = "s.json is cut off";
  start();
  CAF_CHECK_EQUAL(value("unreadStores"), 1);
  pass(1h);
  CAF_CHECK_EQUAL(value("unreadStores"), 1);
  script->unreadable.clear();
  pass(10s);
  CAF_CHECK_EQUAL(value("unreadStores"), 0);
}

CAF_TEST(what the spool holds for a store that cannot be read waits there alone) {
  config.debounce = 1h;
  start();
  put("a", R"({"n":1})");
  put_to("t");
  CAF_MESSAGE("GIVEN a start that can read one of the two");
  script->unreadable["s"] = "s.journal: permission denied";
  restart();
  CAF_CHECK_EQUAL(script->applied.size(), 1u);
  CAF_CHECK_EQUAL(script->data["t"]["a"], R"({"n":2})");
  CAF_CHECK_EQUAL(records(), 1u);
  CAF_CHECK(all_refused());
  auto everything = ask<flush_report>(debouncer, atom::flush_v);
  CAF_CHECK(code_of(everything.error()) == ec::unavailable);
  CAF_MESSAGE("AND another one");
  restart();
  pass(1h);
  CAF_CHECK_EQUAL(records(), 1u);
  CAF_MESSAGE("WHEN it can be read THEN it gets what is its");
  script->unreadable.clear();
  pass(10s);
  CAF_CHECK_EQUAL(stored("a"), R"({"n":1})");
  CAF_CHECK_EQUAL(get("a"), R"({"n":1})");
  CAF_CHECK_EQUAL(numbers().released, 1u);
}

CAF_TEST(an end tells what the spool keeps for a store that cannot be read) {
  config.debounce = 1h;
  start();
  put("a", "{}");
  script->unreadable["s"] = "s.journal: permission denied";
  restart();
  auto end = ask<stop_report>(debouncer, atom::stop_v);
  debouncer = nullptr;
  CAF_REQUIRE(end.engaged());
  CAF_CHECK_EQUAL(end->left, 1u);
  CAF_CHECK_EQUAL(records(), 1u);
}

CAF_TEST(a store that becomes unreadable takes nothing more and loses nothing) {
  script->data["s"]["a"] = R"({"n":1})";
  config.debounce = 1s;
  start();
  put("b", R"({"n":2})");
  script->apply_failure = caf::make_error(ec::unavailable, "s.json is no session store"s);
  script->unreadable["s"] = "s.json is no session store";
  pass(1s);
  CAF_CHECK(all_refused());
  CAF_CHECK_EQUAL(value("pending"), 1);
  CAF_MESSAGE("WHEN it is put right THEN both are there");
  script->apply_failure = {};
  script->unreadable.clear();
  CAF_CHECK((get_all() == documents{{"a", R"({"n":1})"}, {"b", R"({"n":2})"}}));
  pass(10s);
  CAF_CHECK_EQUAL(stored("b"), R"({"n":2})");
}

CAF_TEST(a document that the device does not give is not the fault of a request) {
  script->data["s"]["a"] = "{}";
  start();
  script->load_failure = caf::make_error(ec::disk_failed, "read s.json: EIO"s);
  CAF_CHECK_EQUAL(get("a"), "<unavailable>");
  patch("a", "{}");
  CAF_CHECK(code_of(refusal) == ec::unavailable);
  auto all = refusal_of<std::vector<session_document>>(atom::get_all_v, "s"s, credit{});
  CAF_CHECK_EQUAL(all, "unavailable: read s.json: EIO");
  script->load_failure = {};
  CAF_CHECK_EQUAL(get("a"), "{}");
}

CAF_TEST(a store that somebody put there under the service is asked before it is used) {
  start();
  script->data["s"]["a"] = R"({"history":[1]})";
  patch("a", R"({"n":1})");
  CAF_CHECK_EQUAL(get("a"), R"({"history":[1],"n":1})");
}

CAF_TEST_FIXTURE_SCOPE_END()

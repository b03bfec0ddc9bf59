// More stores than may be open: who is closed, and what must be so before.
#define CAF_SUITE session_journal_places

#include "tests/journal_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct places_fixture : journal_fixture {
  places_fixture() {
    config.open_stores_max = 2;
    restart();
  }

  void put_in(const std::string& store, const std::string& document) {
    session_changes changes{store, {{"k", false, document, 1000, 0}}, {}};
    CAF_REQUIRE(ask<session_applied>(aut, atom::apply_v, changes, durability::ram));
  }

  std::string in(const std::string& store) {
    auto found = ask<session_lookup>(aut, atom::load_v, store, "k"s);
    return found && found->exists ? found->document : "<none>";
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_journal_places_tests, places_fixture)

CAF_TEST(of more stores than may be open the others are closed and hold what they held) {
  for (auto store : {"a", "b", "c", "d", "e"})
    put_in(store, "{\"in\":\""s + store + "\"}");
  CAF_CHECK_EQUAL(state("openStores"), 2);
  CAF_CHECK_EQUAL(state("stores"), 5);
  for (auto store : {"a", "b", "c", "d", "e"})
    CAF_CHECK_EQUAL(in(store), "{\"in\":\""s + store + "\"}");
  CAF_CHECK_EQUAL(state("openStores"), 2);
  put_in("a", "{}");
  CAF_CHECK_EQUAL(in("a"), "{}");
}

CAF_TEST(a store that was written is synced before it is closed) {
  put_in("a", "{}");
  put_in("b", "{}");
  auto before = state("syncs") + script->syncs;
  put_in("c", "{}");
  CAF_CHECK_GREATER(state("syncs") + script->syncs, before);
  // One that was only read is not.
  in("a");
  in("b");
  in("c");
  before = state("syncs") + script->syncs;
  in("a");
  in("b");
  CAF_CHECK_EQUAL(state("syncs") + script->syncs, before);
}

CAF_TEST(a store that is being compacted stays open and others wait) {
  config.open_stores_max = 1;
  config.compact_bytes_min = 1;
  restart();
  script->holds = true;
  put_in("a", "{\"a\":1}");
  auto refused = ask<session_lookup>(aut, atom::load_v, "b"s, "k"s);
  CAF_CHECK(refused); // there is no such store
  session_changes changes{"b", {{"k", false, "{}", 1000, 0}}, {}};
  CAF_CHECK(!ask<session_applied>(aut, atom::apply_v, changes, durability::ram));
  script->holds = false;
  get<status_report>(compactor, atom::status_v);
  put_in("b", "{}");
  CAF_CHECK_EQUAL(in("a"), "{\"a\":1}");
}

CAF_TEST(what somebody did to the files of a closed store is told) {
  put_in("a", "{}");
  put_in("b", "{}");
  put_in("c", "{}");
  CAF_CHECK(!has_alert("session-file-foreign"));
  fs::remove(fs::path{config.directory} / "a.journal");
  CAF_CHECK_EQUAL(in("a"), "<none>");
  CAF_CHECK(has_alert("session-file-foreign"));
}

CAF_TEST(stores that come and go do not make another one be forgotten) {
  for (auto store : {"a", "b", "c"})
    put_in(store, "{}");
  for (auto i = 0; i < 3000; ++i) {
    in("b");
    in("c");
    put_in("d", "{}");
  }
  fs::remove(fs::path{config.directory} / "a.journal");
  CAF_CHECK_EQUAL(in("a"), "<none>");
  CAF_CHECK(has_alert("session-file-foreign"));
}

CAF_TEST(a list tells of so many stores and how many there are and leaves none open) {
  for (auto store : {"a", "b", "c", "d", "e"})
    put_in(store, "{}");
  restart();
  auto list = get<session_store_list>(aut, atom::stores_v, uint64_t{3});
  CAF_CHECK_EQUAL(list.total, 5u);
  CAF_REQUIRE_EQUAL(list.stores.size(), 3u);
  CAF_CHECK_EQUAL(list.stores[2].store, "c");
  CAF_CHECK_EQUAL(list.stores[2].entries, 1u);
  CAF_CHECK_EQUAL(state("openStores"), 0);
  CAF_CHECK_EQUAL(stores().size(), 5u);
}

CAF_TEST_FIXTURE_SCOPE_END()

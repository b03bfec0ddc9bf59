// What is known of the children.
#define CAF_SUITE child_table
#include "actors/lifecycle/child_table.hpp"

#include "tests/fixture.hpp"

using namespace sluice;

namespace {

using names = std::set<std::string>;

managed_actor::behavior_type mock_child(managed_actor::pointer) {
  return {
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
  };
}

struct fixture : test::fixture {
  caf::actor_addr add(const std::string& name, const std::string& key = {}) {
    auto who = tracked(sys.spawn(mock_child));
    aut.add(name, key, who);
    return caf::actor_cast<caf::actor_addr>(who);
  }

  child_table aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(child_table_tests, fixture)

CAF_TEST(who feeds somebody dead is cut off and so is who feeds him) {
  const names in_files{"session-debouncer", "session-journal", "sql-queue",
                       "database",          "log-buffer",      "log-writer",
                       "sqlite-reader",     "topic-hub"};
  const names in_rows{"session-debouncer", "session-rows", "sql-queue", "database"};
  CAF_CHECK(cut_off_by({}, in_files).empty());
  CAF_CHECK(cut_off_by({"session-journal"}, in_files) == names{"session-debouncer"});
  CAF_CHECK(cut_off_by({"log-writer"}, in_files) == names{"log-buffer"});
  CAF_CHECK(cut_off_by({"sqlite-writer"}, in_files) == (names{"database", "sql-queue"}));
  CAF_CHECK(cut_off_by({"database"}, in_rows)
            == (names{"sql-queue", "session-rows", "session-debouncer"}));
  CAF_CHECK(cut_off_by({"topic-hub", "sqlite-reader"}, in_files).empty());
}

CAF_TEST(nobody stops before those who feed him) {
  for (const auto* upstream :
       {"log-buffer", "session-debouncer", "session-rows", "sql-queue"}) {
    const auto& kind = kind_of(upstream);
    for (auto whom : {kind.feeds, kind.feeds_too})
      if (!whom.empty())
        CAF_CHECK(*kind.stops_at < *kind_of(whom).stops_at);
  }
}

CAF_TEST(each is taken out once) {
  const auto first = add("log-buffer", "app");
  add("log-buffer", "other");
  CAF_CHECK(aut.has("log-buffer", "app"));
  const auto gone = aut.remove(first);
  CAF_REQUIRE(gone);
  CAF_CHECK_EQUAL(gone->key, "app");
  CAF_CHECK(!aut.remove(first));
  CAF_CHECK(!aut.has("log-buffer", "app"));
  CAF_CHECK(aut.has("log-buffer"));
}

CAF_TEST(one is meant by name or name and key or id) {
  const auto first = add("log-buffer", "app");
  add("log-buffer", "other");
  add("database");
  for (const auto& words : {std::string{"log-buffer app"}, std::string{"log-buffer/app"},
                            std::to_string(first.id()), std::string{"database"}})
    CAF_CHECK_EQUAL(aut.find(words).size(), 1u);
  CAF_CHECK_EQUAL(aut.find("log-buffer").size(), 2u);
  CAF_CHECK(aut.find("nobody").empty());
}

CAF_TEST(those who know nothing of the others stay while these are started anew) {
  add("topic-hub");
  add("database");
  add("log-writer");
  CAF_CHECK_EQUAL(aut.lasting().size(), 1u);
  CAF_CHECK_EQUAL(aut.joint().size(), 2u);
  aut.remove_joint();
  CAF_CHECK_EQUAL(aut.all().size(), 1u);
  CAF_CHECK(aut.has("topic-hub"));
}

CAF_TEST_FIXTURE_SCOPE_END()

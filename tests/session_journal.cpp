// What the session journal keeps, and how its files say it.
#define CAF_SUITE session_journal

#include "actors/detail/json_input.hpp"
#include "tests/journal_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

size_t count_lines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_journal_tests, journal_fixture)

CAF_TEST(a document comes back as the bytes that were sent) {
  auto odd = "{ \"é\":\"\\u0000\\n\",\t\"n\": 1.0e2 }"s;
  CAF_CHECK_EQUAL(put("agent:main/\"x\"\\", odd), 1u);
  CAF_CHECK_EQUAL(load("agent:main/\"x\"\\"), odd);
  restart();
  CAF_CHECK_EQUAL(load("agent:main/\"x\"\\"), odd);
}

CAF_TEST(a document with newlines is one line and comes back with them) {
  auto pretty = "{\n  \"a\": [\n    1,\r\n    2\n  ]\n}"s;
  put("k", pretty);
  CAF_CHECK_EQUAL(count_lines(journal()), 2u);
  CAF_CHECK_EQUAL(load("k"), pretty);
  restart();
  CAF_CHECK_EQUAL(load("k"), pretty);
  CAF_CHECK_EQUAL(put("k", pretty), 0u);
}

CAF_TEST(the blanks around a document come back with it) {
  documents odd{{"a", "\n\t{ \"n\" : 1 ,\n\"m\":2 }\r\n"},
                {"b", " {\"n\":1}"},
                {"c", "{\n}\n\n"},
                {"d", "\n{}"},
                {"e", "{}\n"}};
  for (auto& [key, document] : odd)
    put(key, document);
  CAF_CHECK(whole() == odd);
  restart();
  CAF_CHECK(whole() == odd);
  CAF_MESSAGE("WHEN they are in a snapshot THEN they come back as well");
  compact();
  restart();
  CAF_CHECK(whole() == odd);
  put("f", "{}");
  odd["f"] = "{}";
  compact();
  restart();
  CAF_CHECK(whole() == odd);
  CAF_MESSAGE("WHEN the whole store is one line THEN they come back as well");
  apply({{"b", true, "", 9, 0},
         {"a", false, "\t{}  ", 9, 0},
         {"c", false, " {} ", 9, 0},
         {"d", true, "", 9, 0},
         {"e", true, "", 9, 0},
         {"f", true, "", 9, 0}});
  restart();
  CAF_CHECK((whole() == documents{{"a", "\t{}  "}, {"c", " {} "}}));
}

CAF_TEST(a document whose values nothing holds is read from everywhere) {
  documents odd{{"a", R"({"\ud83d":"\udc00","n":1e999,"m":18446744073709552000})"},
                {"b", R"({"updatedAt":1e999,"a":-0,"a":1E+2})"}};
  for (auto& [key, document] : odd)
    put(key, document);
  restart();
  CAF_CHECK(whole() == odd);
  CAF_CHECK(!json::check_lines(journal()));
  compact();
  restart();
  CAF_CHECK(whole() == odd);
  CAF_CHECK(!json::check_store(snapshot()));
}

CAF_TEST(nothing is made before the first write) {
  CAF_CHECK(stores().empty());
  CAF_CHECK_EQUAL(load("k"), "<none>");
  CAF_CHECK(whole().empty());
  CAF_CHECK(!fs::exists(config.directory));
}

CAF_TEST(a flush is one write of the changed documents) {
  put("a", "{}");
  auto writes = state("writes");
  CAF_CHECK_EQUAL(apply({{"a", false, R"({"n":1})", 1, 0},
                         {"b", false, "{}", 2, 0},
                         {"c", true, "", 3, 0}}),
                  2u);
  CAF_CHECK_EQUAL(state("writes"), writes + 1);
  CAF_CHECK_EQUAL(last.now, (session_store_info{"s", 2, 8 + 3}));
  CAF_CHECK_EQUAL(count_lines(journal()), 4u);
}

CAF_TEST(an equal document is no write) {
  put("a", "{}");
  auto before = journal();
  CAF_CHECK_EQUAL(put("a", "{}"), 0u);
  CAF_CHECK_EQUAL(erase("b"), 0u);
  CAF_CHECK(journal() == before);
}

CAF_TEST(the lines say what happened and with which number) {
  apply({{"a", false, R"({"updatedAt":5})", 5, 1}, {"b", false, "{}", 7, 2}},
        {"spool", 3});
  apply({{"a", true, "", 0, 4}}, {"spool", 4});
  auto text = journal();
  CAF_CHECK(text.starts_with(
    R"({"format":"sluice-session-journal","version":1,"snapshot":null,"check":")"));
  CAF_CHECK(text.find(R"({"spool":"spool","seq":1,"key":"a","document":{"updatedAt":5},)")
            != text.npos);
  CAF_CHECK(text.find(R"({"seq":2,"mark":3,"key":"b","updatedAt":7,"document":{},)")
            != text.npos);
  CAF_CHECK(text.find(R"({"seq":4,"mark":4,"key":"a","erased":true,)") != text.npos);
}

CAF_TEST(every line is JSON and so is the snapshot) {
  put("\"\\\x01é", "{\n \"a\": \"\\n\"\n}", 1);
  apply({{"b", false, "{}", 1, 2}, {"\"\\\x01é", true, "", 0, 3}}, {"spool", 3});
  put("c", "{\n}", 4);
  CAF_CHECK(!json::check_lines(journal()));
  compact();
  CAF_CHECK(!json::check_lines(journal()));
  auto all = json::read_store(snapshot());
  CAF_REQUIRE(all);
  CAF_REQUIRE_EQUAL(all->size(), 2u);
  CAF_CHECK_EQUAL(all->at(1).document, "{\n}");
}

CAF_TEST(mark and sizes are there after a restart) {
  put("a", R"({"n":1})", 3);
  put("b", "{}", 5);
  auto before = stores();
  CAF_CHECK(before == (std::vector<session_store_info>{{"s", 2, 8 + 3, {"spool", 5}}}));
  restart();
  CAF_CHECK(stores() == before);
}

CAF_TEST(a store without keys is listed for its mark) {
  put("a", "{}", 3);
  apply({{"a", true, "", 0, 4}}, {"spool", 4});
  restart();
  CAF_CHECK(stores() == (std::vector<session_store_info>{{"s", 0, 0, {"spool", 4}}}));
}

CAF_TEST(a mark of its own is written and one that is known is not ) {
  apply({}, {"spool", 7});
  restart();
  CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 7}));
  auto before = journal();
  apply({}, {"spool", 7});
  CAF_CHECK(journal() == before);
}

CAF_TEST(numbers of another spool are not compared with those before) {
  put("a", R"({"n":1})", 100);
  apply({{"a", false, R"({"n":2})", 0, 1}}, {"fresh", 1});
  CAF_CHECK_EQUAL(load("a"), R"({"n":2})");
  restart();
  CAF_CHECK_EQUAL(mark(), (session_mark{"fresh", 1}));
  CAF_CHECK_EQUAL(load("a"), R"({"n":2})");
}

CAF_TEST(what was superseded before a crash does not come back with the replay) {
  put("a", R"({"n":9})", 9);
  restart();
  CAF_CHECK_EQUAL(apply({{"a", false, R"({"n":8})", 0, 8}}, {"spool", 8}), 0u);
  CAF_CHECK_EQUAL(load("a"), R"({"n":9})");
}

CAF_TEST(a replacement that removes something is one line) {
  apply({{"a", false, "{}", 1, 1}, {"b", false, "{}", 1, 2}}, {"spool", 2});
  auto lines = count_lines(journal());
  apply({{"a", true, "", 9, 3},
         {"b", false, R"({"n":1})", 9, 4},
         {"c", false, R"({"updatedAt":4})", 4, 5}},
        {"spool", 5});
  CAF_CHECK_EQUAL(count_lines(journal()), lines + 1);
  documents expected{{"b", R"({"n":1})"}, {"c", R"({"updatedAt":4})"}};
  CAF_CHECK(whole() == expected);
  restart();
  CAF_CHECK(whole() == expected);
  CAF_CHECK_EQUAL(updated_at(0), 9);
  CAF_CHECK_EQUAL(updated_at(1), 4);
  CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 5}));
}

CAF_TEST(a replacement by nothing is one line) {
  apply({{"a", false, "{}", 1, 0}, {"b", false, "{}", 1, 0}});
  apply({{"a", true, "", 9, 0}, {"b", true, "", 9, 0}});
  CAF_CHECK_EQUAL(count_lines(journal()), 4u);
  CAF_CHECK(whole().empty());
  restart();
  CAF_CHECK(whole().empty());
}

CAF_TEST(the oldest and the excess are named and then removed) {
  for (int64_t i = 1; i <= 4; ++i)
    apply({{"k" + std::to_string(i), false, "{}", i * 1000, 0}});
  std::vector<std::string> two{"k1", "k2"};
  auto prune = [this](int64_t older, uint64_t most, bool enforce) {
    return get<session_pruned>(aut, atom::prune_v,
                               session_prune{"s", older, most, enforce});
  };
  CAF_CHECK(prune(3000, 500, false).keys == two);
  CAF_CHECK(prune(0, 2, false).keys == two);
  CAF_CHECK(prune(2000, 2, false).keys == two);
  CAF_CHECK(prune(0, 4, true).keys.empty());
  restart();
  auto removed = prune(2000, 2, true);
  CAF_CHECK(removed.keys == two);
  CAF_CHECK_EQUAL(removed.now, (session_store_info{"s", 2, 8}));
  restart();
  CAF_CHECK_EQUAL(whole().size(), 2u);
}

CAF_TEST(a synced answer comes after the sync of all before it) {
  put("a", "{}");
  CAF_CHECK_EQUAL(script->syncs, 0);
  put("b", "{}", 0, durability::disk);
  CAF_CHECK(last.level == durability::disk);
  CAF_CHECK_EQUAL(script->syncs, 1);
  put("b", "{}", 0, durability::disk);
  CAF_CHECK(last.level == durability::disk);
  CAF_CHECK_EQUAL(script->syncs, 1);
}

CAF_TEST(what an earlier process wrote is synced before it counts as being on disk) {
  put("a", "{}");
  restart();
  put("a", "{}", 0, durability::disk);
  CAF_CHECK_EQUAL(script->syncs, 1);
  CAF_CHECK(last.level == durability::disk);
}

CAF_TEST(a sync that hangs is told) {
  script->hangs = true;
  self->send(aut, atom::apply_v,
             session_changes{"s", {{"a", false, "{}", 1000, 1}}, {"spool", 1}},
             durability::disk);
  pass(5s - 1ns);
  CAF_CHECK(!has_alert("session-sync-slow"));
  pass(1ns);
  CAF_CHECK(has_alert("session-sync-slow"));
}

CAF_TEST(a stop syncs what is not and says so) {
  put("a", "{}");
  auto report = get<stop_report>(aut, atom::stop_v);
  CAF_CHECK_EQUAL(report.drained, 1u);
  CAF_CHECK_EQUAL(report.left, 0u);
  CAF_CHECK_EQUAL(script->syncs, 1);
}

CAF_TEST(a name that is none of a store is refused) {
  auto answer = ask<session_applied>(aut, atom::apply_v, session_changes{"../x", {}, {}},
                                     durability::ram);
  CAF_CHECK(code_of(answer.error()) == ec::invalid_argument);
}

CAF_TEST(reads and writes are counted for the metrics) {
  put("a", "{}");
  load("a");
  const auto told = get<metrics_report>(aut, atom::collect_v);
  const auto& counted = told.counts;
  CAF_CHECK_EQUAL(counted.disk.writes, 1u);
  CAF_CHECK_EQUAL(counted.disk.write_bytes, fs::file_size(journal_path));
  CAF_CHECK_EQUAL(counted.disk.reads, 1u);
  const auto bytes = fs::file_size(journal_path);
  CAF_CHECK(
    (told.ledger == std::vector<ledger_entry>{{"session", "s", {0, 0, 1, bytes, 0}}}));
}

CAF_TEST_FIXTURE_SCOPE_END()

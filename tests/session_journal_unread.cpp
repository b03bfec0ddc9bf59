// Files of a session store that cannot be read, of whatever kind: the store is not empty.
#define CAF_SUITE session_journal_unread

#include "actors/storage/folder.hpp"
#include "tests/journal_fixture.hpp"

#include <sys/stat.h>

using namespace sluice;
using namespace sluice::test;

namespace {

struct unread_fixture : journal_fixture {
  unread_fixture() {
    fs::create_directory(config.directory);
    config.compact_bytes_min = 0;
    config.compact_snapshots = 0;
    restart();
  }

  session_store_info info() {
    auto found = ask<session_store_info>(aut, atom::stores_v, "s"s);
    refusal = found ? caf::error{} : found.error();
    return found ? *found : session_store_info{};
  }

  /// Whether everything is refused, with the file's name.
  bool all_refused(const std::string& path) {
    auto named = [&] {
      return code_of(refusal) == ec::unavailable
             && text_of(refusal).find(path) != std::string::npos;
    };
    info();
    auto by_info = named();
    put("a", "{}");
    auto listed = stores();
    return by_info && named() && load("a") == "<unavailable>" && listed.size() == 1
           && listed[0].unreadable.find(path) != std::string::npos
           && has_alert("session-store-unreadable");
  }

  std::vector<std::string> everything() { return names(""); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_journal_unread_tests, unread_fixture)

CAF_TEST(a file that is larger than any of ours is not read and left as it is) {
  const auto text = R"({"a":{"history":["x"]}})"s;
  write_file(snapshot_path, text);
  config.file_bytes_max = text.size() - 1;
  restart();
  CAF_CHECK(all_refused(snapshot_path));
  CAF_CHECK(text_of(refusal).find("session.max-store-bytes") != std::string::npos);
  CAF_CHECK(snapshot() == text);
  config.file_bytes_max = text.size();
  restart();
  CAF_CHECK_EQUAL(load("a"), R"({"history":["x"]})");
  CAF_MESSAGE("nor is a journal");
  config.file_bytes_max = 1'000'000;
  restart();
  put("b", R"({"c":1})");
  fs::resize_file(journal_path, config.file_bytes_max + 1);
  restart();
  CAF_CHECK(all_refused(journal_path));
  CAF_CHECK_EQUAL(everything().size(), 2u);
}

CAF_TEST(a snapshot that is no store refuses every request and is left as it is) {
  for (auto& text : {""s, std::string(4096, '\0'), R"({"a":{"history":["x"],"n")"s,
                     "{\"a\":{\"name\":\"\xe9\"}}"s, "[]"s, "null"s, R"({"a":1})"s,
                     R"({"a":{}} trailing)"s}) {
    write_file(snapshot_path, text);
    restart();
    CAF_CHECK(all_refused(snapshot_path));
    CAF_CHECK_EQUAL(everything().size(), 1u);
    CAF_CHECK(snapshot() == text);
    CAF_MESSAGE("WHEN it is mended THEN it is there at the next request");
    write_file(snapshot_path, R"({"a":{"history":["x"]}})");
    CAF_CHECK_EQUAL(load("a"), R"({"history":["x"]})");
    CAF_CHECK(!has_alert("session-store-unreadable"));
    CAF_CHECK_EQUAL(put("b", "{}"), 1u);
    fs::remove_all(config.directory);
    fs::create_directory(config.directory);
  }
}

CAF_TEST(what is no file in the place of one is not an empty store) {
  auto make_directory = [](const std::string& path) { fs::create_directory(path); };
  auto make_pipe = [](const std::string& path) {
    CAF_REQUIRE_EQUAL(::mkfifo(path.c_str(), 0600), 0);
  };
  auto make_link = [](const std::string& path) { fs::create_symlink("/dev/null", path); };
  using maker = std::function<void(const std::string&)>;
  for (auto& make : std::vector<maker>{make_directory, make_pipe, make_link})
    for (auto& path : {snapshot_path, journal_path}) {
      make(path);
      restart();
      CAF_CHECK(all_refused(path));
      fs::remove(path);
      CAF_CHECK_EQUAL(load("a"), "<none>");
      CAF_CHECK(!has_alert("session-store-unreadable"));
    }
}

CAF_TEST(a snapshot that is cut off leaves its journal where it is) {
  put("a", R"({"n":1})", 1);
  put("b", R"({"n":2})", 2);
  config.compact_bytes_min = 1'048'576;
  restart();
  put("c", R"({"n":3})", 3);
  auto good = snapshot();
  auto lines = journal();
  write_file(snapshot_path, good.substr(0, good.size() / 2));
  restart();
  CAF_CHECK(all_refused(snapshot_path));
  CAF_CHECK_EQUAL(journal(), lines);
  CAF_CHECK_EQUAL(everything().size(), 2u);
  CAF_MESSAGE("WHEN it is mended THEN nothing is missing");
  write_file(snapshot_path, good);
  CAF_CHECK_EQUAL(whole().size(), 3u);
  CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 3}));
}

CAF_TEST(a journal with a first line that cannot be read is refused and left alone) {
  config.compact_bytes_min = 1'048'576;
  restart();
  put("a", "{}", 1);
  auto good = journal();
  auto damaged = good;
  damaged[40] ^= 1;
  for (auto& text : {damaged, "somebody's notes\nand more\n"s, "one line"s,
                     std::string(100'000, 'x')}) {
    write_file(journal_path, text);
    restart();
    CAF_CHECK(all_refused(journal_path));
    CAF_CHECK(journal() == text);
    CAF_CHECK_EQUAL(everything().size(), 1u);
  }
  write_file(journal_path, good);
  CAF_CHECK_EQUAL(load("a"), "{}");
}

CAF_TEST(a journal that the device never had is set aside and told) {
  for (auto bytes : {1, 4096, 200'000}) {
    write_file(journal_path, std::string(static_cast<size_t>(bytes), '\0'));
    restart();
    CAF_CHECK(whole().empty());
    CAF_CHECK(has_alert("session-journal-damaged"));
    CAF_CHECK(!fs::exists(journal_path));
  }
  CAF_CHECK_EQUAL(names("s.journal.bad-").size(), 3u);
  CAF_MESSAGE("one of no bytes was about to be made");
  write_file(journal_path, "");
  restart();
  CAF_CHECK(whole().empty());
  CAF_CHECK(status().alerts.empty());
}

CAF_TEST(a store that is put there under the service is found) {
  restart();
  CAF_CHECK(stores().empty());
  write_file(snapshot_path, R"({"a":{"n":1}})");
  CAF_CHECK_EQUAL(info().entries, 1u);
  CAF_CHECK_EQUAL(load("a"), R"({"n":1})");
}

CAF_TEST(asking for what is not there remembers nothing) {
  restart();
  for (int i = 0; i < 100; ++i)
    ask<session_store_info>(aut, atom::stores_v, "x" + std::to_string(i));
  CAF_CHECK_EQUAL(state("stores"), 0);
}

CAF_TEST(files that look as before are let alone for a while) {
  write_file(snapshot_path, "[]");
  restart();
  info();
  auto tries = state("failures");
  info();
  info();
  CAF_CHECK_EQUAL(state("failures"), tries);
  pass(100ms);
  info();
  CAF_CHECK_EQUAL(state("failures"), tries + 1);
}

CAF_TEST(many stores that cannot be read are a few alerts) {
  for (int i = 0; i < 20; ++i)
    write_file(dir / ("sessions/bad" + std::to_string(i) + ".json"), "[]");
  restart();
  CAF_CHECK_EQUAL(stores().size(), 20u);
  auto alerts = status().alerts;
  CAF_REQUIRE_EQUAL(alerts.size(), 4u);
  CAF_CHECK_EQUAL(alerts[3].count, 17u);
}

CAF_TEST(a folder that is none is an alert and refuses every store) {
  fs::remove_all(config.directory);
  write_file(config.directory, "no folder");
  restart();
  CAF_CHECK_EQUAL(load("a"), "<unavailable>");
  put("a", "{}");
  CAF_CHECK(code_of(refusal) == ec::unavailable);
  CAF_CHECK(has_alert("session-store-unreadable"));
  fs::remove(config.directory);
  CAF_CHECK_EQUAL(load("a"), "<none>");
  CAF_CHECK(!has_alert("session-store-unreadable"));
}

CAF_TEST(what cannot be looked at is not absent) {
  std::string too_long(300, 'x');
  folder in{dir.path()};
  CAF_CHECK((in.find("id") && in.find("id")->has_value()));
  CAF_CHECK((in.find("none") && !in.find("none")->has_value()));
  CAF_CHECK(!in.find(too_long));
  CAF_CHECK(in.write_once(too_long, "x"));
  CAF_CHECK(!append_file::find(dir.path(), too_long));
  auto nowhere = append_file::find(dir / too_long, file_position{1, 2, 0});
  CAF_CHECK(!nowhere);
}

CAF_TEST_FIXTURE_SCOPE_END()

// Files that somebody else put there, changed, damaged or took away.
#define CAF_SUITE session_journal_files

#include "actors/storage/digest.hpp"
#include "tests/journal_fixture.hpp"

using namespace sluice;
using namespace sluice::test;

namespace {

struct files_fixture : journal_fixture {
  files_fixture() { fs::create_directory(config.directory); }

  /// Brings what is there into a snapshot.
  void compact_now() {
    config.compact_bytes_min = 0;
    config.compact_snapshots = 0;
    restart();
    put("last", R"({"updatedAt":1})");
    config.compact_bytes_min = 1'048'576;
    config.compact_snapshots = 1;
    restart();
  }

  /// Changes one byte of the first line that has this text.
  void damage(const std::string& text) {
    auto all = journal();
    auto at = all.find(text);
    CAF_REQUIRE(at != all.npos);
    all[at] ^= 1;
    write_file(journal_path, all);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_journal_files_tests, files_fixture)

CAF_TEST(after a failed sync of an earlier run the files are written anew) {
  auto opened = spool::open({dir / "spool", spool_bytes_min, "an id", dir.path()});
  CAF_REQUIRE(opened.engaged());
  config.spool = *opened;
  auto lane = config.spool->lane(lane_kind::session, "s");
  put("a", "{}", 1);
  CAF_CHECK(!fs::exists(snapshot_path));
  CAF_REQUIRE(!config.spool->append(lane, 1, 1, "a"));
  config.spool->written(lane, 1);
  config.spool->doubt(lane, {{{}, 1, 1}, true});
  restart();
  CAF_MESSAGE("WHEN the store is to be brought to disk");
  apply({}, {"spool", 1}, durability::disk);
  CAF_CHECK(last.level == durability::disk);
  CAF_CHECK(snapshot().find(R"("a": {})") != std::string::npos);
  CAF_CHECK_EQUAL(state("compactions"), 1);
  CAF_CHECK_EQUAL(load("a"), "{}");
  config.spool.reset();
}

CAF_TEST(a file that somebody put there is taken over as it is) {
  auto text = "{\n  \"b\": {\"n\": 1.0,\n \"updatedAt\": 5},\n  \"a\\u00e9\": {}\n}\n"s;
  write_file(snapshot_path, text);
  restart();
  documents expected{{"b", "{\"n\": 1.0,\n \"updatedAt\": 5}"}, {"aé", "{}"}};
  CAF_CHECK(whole() == expected);
  CAF_CHECK(!fs::exists(journal_path));
  CAF_MESSAGE("WHEN something changes THEN the file stays and a journal extends it");
  put("c", "{}");
  CAF_CHECK_EQUAL(snapshot(), text);
  expected["c"] = "{}";
  restart();
  CAF_CHECK(whole() == expected);
}

CAF_TEST(a file behind a byte order mark and with odd values is taken over as it is) {
  auto odd = R"({"\ud83d":"\udc00","n":1e999,"m":18446744073709552000})"s;
  auto text = "\xef\xbb\xbf{ \"a\" :  " + odd + " ,\r\n\"b\":{ } }\r\n";
  write_file(snapshot_path, text);
  restart();
  documents expected{{"a", odd}, {"b", "{ }"}};
  CAF_CHECK(whole() == expected);
  put("c", "{}");
  CAF_CHECK_EQUAL(snapshot(), text);
  expected["c"] = "{}";
  restart();
  CAF_CHECK(whole() == expected);
  compact();
  restart();
  CAF_CHECK(whole() == expected);
  CAF_CHECK(snapshot().starts_with("{"));
}

CAF_TEST(a document of a file taken over was updated when it says or else the file was) {
  write_file(snapshot_path, R"({"a":{"updatedAt":5},"b":{}})");
  restart();
  auto file_ms = updated_at(1);
  CAF_CHECK_EQUAL(updated_at(0), 5);
  CAF_CHECK_LESS(file_ms, doubtful_ms(1'600'000'000'000));
  put("c", "{}");
  fs::last_write_time(snapshot_path, fs::file_time_type::clock::now() - 5h);
  restart();
  CAF_CHECK_EQUAL(updated_at(1), file_ms);
}

CAF_TEST(a file that is replaced before anything was written is what counts) {
  write_file(snapshot_path, R"({"a":{}})");
  restart();
  CAF_CHECK_EQUAL(whole().size(), 1u);
  write_file(snapshot_path, R"({"b":{},"c":{}})");
  put("d", "{}");
  CAF_CHECK((whole() == documents{{"b", "{}"}, {"c", "{}"}, {"d", "{}"}}));
  restart();
  CAF_CHECK_EQUAL(whole().size(), 3u);
}

CAF_TEST(a file that is no store is left alone and refused) {
  for (auto text : {"", "[]", R"({"a":1})", R"({"a":{})", R"({"a":{"b":}})",
                    R"({"a":{}}x)", R"({"a" {}})", R"({"a":{},})", R"({"\ud83d":{}})"}) {
    write_file(snapshot_path, text);
    restart();
    CAF_CHECK_EQUAL(load("a"), "<unavailable>");
    put("a", "{}");
    CAF_CHECK(code_of(refusal) == ec::unavailable);
    CAF_CHECK(has_alert("session-store-unreadable"));
    CAF_CHECK(!status().checks.at(0).ok);
    CAF_CHECK(snapshot() == text);
    CAF_CHECK(!fs::exists(journal_path));
  }
  CAF_MESSAGE("WHEN it is put right THEN the store is back without a restart");
  write_file(snapshot_path, R"({"a":{}})");
  pass(1s);
  CAF_CHECK_EQUAL(load("a"), "{}");
  CAF_CHECK(!has_alert("session-store-unreadable"));
}

CAF_TEST(a journal that names another snapshot is set aside and told) {
  put("a", "{}", 1);
  compact_now();
  put("b", "{}", 2);
  auto lines = journal();
  write_file(snapshot_path, R"({"theirs":{}})");
  restart();
  CAF_CHECK((whole() == documents{{"theirs", "{}"}}));
  CAF_CHECK(has_alert("session-journal-mismatch"));
  CAF_CHECK_EQUAL(read_file(journal_path + ".mismatch-1"), lines);
  CAF_CHECK_EQUAL(mark(), session_mark{});
  put("c", "{}", 1);
  restart();
  CAF_CHECK((whole() == documents{{"theirs", "{}"}, {"c", "{}"}}));
  CAF_CHECK(status().alerts.empty());
}

CAF_TEST(a journal whose snapshot is gone is set aside and told) {
  put("a", "{}");
  compact_now();
  fs::remove(snapshot_path);
  restart();
  CAF_CHECK(whole().empty());
  CAF_CHECK(has_alert("session-journal-mismatch"));
  CAF_CHECK(fs::exists(journal_path + ".mismatch-1"));
}

CAF_TEST(a journal of a later version is refused and left alone) {
  put("a", "{}");
  std::string later = R"({"format":"sluice-session-journal","version":2,"x":1)";
  auto check = digest_of(later).substr(0, 8);
  later += R"(,"check":")" + check + "\"}\n";
  write_file(journal_path, later);
  restart();
  CAF_CHECK_EQUAL(load("a"), "<unavailable>");
  put("a", "{}");
  CAF_CHECK_EQUAL(journal(), later);
}

CAF_TEST(a bad line between good ones is set aside alone and told) {
  put("a", R"({"n":1})", 1);
  put("b", R"({"n":2})", 2);
  put("c", R"({"n":3})", 3);
  damage("\"n\":2");
  restart();
  CAF_CHECK((whole() == documents{{"a", R"({"n":1})"}, {"c", R"({"n":3})"}}));
  CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 3}));
  CAF_CHECK(has_alert("session-journal-damaged"));
  auto aside = names("s.journal.bad-");
  CAF_REQUIRE_EQUAL(aside.size(), 1u);
  CAF_CHECK(read_file(dir / ("sessions/" + aside[0])).find("\"key\":\"b\"")
            != std::string::npos);
  CAF_MESSAGE("WHEN it is read again THEN nothing more is set aside");
  restart();
  CAF_CHECK_EQUAL(whole().size(), 2u);
  CAF_CHECK_EQUAL(names("s.journal.bad-").size(), 1u);
}

CAF_TEST(a bad last line is set aside and what follows is appended behind the good ones) {
  put("a", R"({"n":1})", 1);
  put("b", R"({"n":2})", 2);
  damage("\"n\":2");
  restart();
  CAF_CHECK((whole() == documents{{"a", R"({"n":1})"}}));
  CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 1}));
  CAF_CHECK(has_alert("session-journal-damaged"));
  put("c", "{}", 3);
  restart();
  CAF_CHECK((whole() == documents{{"a", R"({"n":1})"}, {"c", "{}"}}));
  CAF_CHECK(status().alerts.empty());
}

CAF_TEST(zeros behind the last line are set aside) {
  put("a", "{}", 1);
  auto good = journal();
  write_file(journal_path, good + std::string(5000, '\0'));
  restart();
  CAF_CHECK_EQUAL(load("a"), "{}");
  CAF_CHECK_EQUAL(journal(), good);
  CAF_CHECK_EQUAL(names("s.journal.bad-").size(), 1u);
}

CAF_TEST(a journal that is deleted under the service is written anew) {
  put("a", "{}", 1);
  put("b", R"({"n":1})", 2);
  fs::remove(journal_path);
  put("c", "{}", 3);
  CAF_CHECK(!refusal);
  CAF_CHECK(has_alert("session-file-foreign"));
  restart();
  CAF_CHECK((whole() == documents{{"a", "{}"}, {"b", R"({"n":1})"}, {"c", "{}"}}));
  CAF_CHECK_EQUAL(mark(), (session_mark{"spool", 3}));
}

CAF_TEST(files that somebody replaced are set aside and ours put back) {
  put("a", "{}", 1);
  compact_now();
  put("b", "{}", 2);
  auto replace = [this](const std::string& path) {
    write_file(dir / "theirs", "theirs");
    fs::rename(dir / "theirs", path);
  };
  replace(journal_path);
  replace(snapshot_path);
  put("c", "{}", 3);
  CAF_CHECK(!refusal);
  CAF_CHECK_EQUAL(read_file(journal_path + ".foreign-1"), "theirs");
  CAF_CHECK_EQUAL(read_file(snapshot_path + ".foreign-1"), "theirs");
  restart();
  CAF_CHECK_EQUAL(whole().size(), 4u);
  CAF_CHECK(status().alerts.empty());
}

CAF_TEST(bytes that somebody appended are kept and ours written anew) {
  put("a", "{}", 1);
  std::ofstream{journal_path, std::ios::app} << "theirs\n";
  put("b", "{}", 2);
  CAF_CHECK(!refusal);
  CAF_CHECK(read_file(journal_path + ".foreign-1").ends_with("theirs\n"));
  restart();
  CAF_CHECK_EQUAL(whole().size(), 2u);
}

CAF_TEST(a document that was changed in place is an error and no answer) {
  put("a", R"({"n":1})");
  compact_now();
  CAF_CHECK_EQUAL(load("a"), R"({"n":1})");
  auto text = snapshot();
  text[text.find("\"n\":1") + 4] = '2';
  write_file(snapshot_path, text);
  CAF_CHECK_EQUAL(load("a"), "<disk-failed>");
}

CAF_TEST(a symbolic link is not followed) {
  write_file(dir / "elsewhere", "{}");
  fs::create_symlink(dir / "elsewhere", journal_path);
  restart();
  put("a", "{}");
  CAF_CHECK(refusal);
  CAF_CHECK_EQUAL(read_file(dir / "elsewhere"), "{}");
}

CAF_TEST(nothing is made where the data directory is gone) {
  fs::remove_all(config.directory);
  fs::remove(dir / "id");
  put("a", "{}");
  CAF_CHECK(code_of(refusal) == ec::disk_failed);
  CAF_CHECK(!fs::exists(config.directory));
  write_file(dir / "id", "x");
  put("a", "{}");
  CAF_CHECK(!refusal);
}

CAF_TEST(a data directory that goes away under the service takes its writes up again) {
  put("a", "{}", 1);
  fs::rename(config.directory, dir / "away");
  fs::rename(dir / "id", dir / "id-away");
  put("b", "{}", 2);
  CAF_CHECK(code_of(refusal) == ec::disk_failed);
  CAF_CHECK(!fs::exists(config.directory));
  CAF_CHECK_EQUAL(load("a"), "{}");
  fs::rename(dir / "away", config.directory);
  fs::rename(dir / "id-away", dir / "id");
  put("b", "{}", 2);
  CAF_CHECK(!refusal);
  restart();
  CAF_CHECK_EQUAL(whole().size(), 2u);
}

CAF_TEST_FIXTURE_SCOPE_END()

// The tool's offline command, as whoever runs it sees it.
#define CAF_SUITE sluicectl

#include "actors/storage/spool.hpp"
#include "actors/storage/spool_place.hpp"
#include "tests/spool_fixture.hpp"

#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
namespace fs = std::filesystem;

struct answer {
  int code = -1;
  std::string text;

  bool has(const std::string& part) const { return text.find(part) != text.npos; }
};

struct fixture : test::spool_fixture {
  fixture() {
    fs::create_directory(data);
    test::write_file(data + "/id", "data-1\n");
    reopen();
  }

  /// Runs the program; both its outputs are its answer.
  static answer run(const std::string& arguments) {
    answer result;
    auto command = std::string{SLUICECTL} + " " + arguments + " 2>&1";
    auto* out = ::popen(command.c_str(), "r");
    for (int c = std::fgetc(out); c != EOF; c = std::fgetc(out))
      result.text += static_cast<char>(c);
    auto status = ::pclose(out);
    result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return result;
  }

  void leave_some() {
    auto log = aut->lane(lane_kind::log, "app");
    auto store = aut->lane(lane_kind::session, "main");
    CAF_REQUIRE(!aut->append(log, 10, 10, std::string(700, 'x')));
    CAF_REQUIRE(!aut->append(log, 30, 20, std::string(1400, 'x')));
    CAF_REQUIRE(!aut->append(store, 1, 1, "{}"));
    aut->written(log, 10);
    aut->begin_batch(log, {{5, 6, 700}, 11, 30});
    aut->released(store, 1);
    aut.reset();
  }

  std::string data = ram.path() + "/data";
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sluicectl_tests, fixture)

CAF_TEST(it tells what is left and what a start will do) {
  leave_some();
  auto before = files();
  auto told = run("spool " + config.dir);
  CAF_CHECK_EQUAL(told.code, 0);
  CAF_MESSAGE(told.text);
  CAF_CHECK(told.has("of data directory /data/1 (data-1)"));
  CAF_CHECK(told.has("11 to 30 at byte 700 of file 5:6"));
  CAF_CHECK(told.has("a start will replay 20 items of log app\n"));
  CAF_CHECK(told.has("a start will sync 10 items of log app, written already\n"));
  CAF_CHECK(!told.has("items of session main"));
  CAF_CHECK(files() == before);
}

CAF_TEST(it tells the same as JSON) {
  leave_some();
  auto told = run("--json spool " + config.dir);
  CAF_CHECK_EQUAL(told.code, 0);
  CAF_CHECK(told.has(R"({"kind":"log","name":"app","appended":30,"written":10,)"
                     R"("released":0,"items":30,"bytes":2100,"replay":20,)"
                     R"("noteVoid":false,"note":{"device":5,"inode":6,"offset":700,)"
                     R"("first":11,"last":30},"doubt":null})"));
  CAF_CHECK(told.has(R"("inUse":false)"));
  CAF_CHECK(told.has(R"("setAside":null)"));
  CAF_CHECK_EQUAL(run("spool " + config.dir + " --json").text, told.text);
}

CAF_TEST(it tells which record will be set aside) {
  leave_some();
  for (auto death = 0; death < 2; ++death) {
    reopen();
    aut->begin_replay(aut->lane(lane_kind::log, "app"), 30);
    aut.reset();
  }
  auto told = run("spool " + config.dir);
  CAF_CHECK(
    told.has("a start will set aside record 30 of log app: 2 starts died in it\n"));
  CAF_CHECK(run("--json spool " + config.dir)
              .has(R"("setAside":{"kind":"log","name":"app","seq":30,"deaths":2})"));
}

CAF_TEST(it tells of each lane which syncs are in doubt) {
  auto log = aut->lane(lane_kind::log, "app");
  auto store = aut->lane(lane_kind::session, "main");
  auto queue = aut->lane(lane_kind::queue, "sql");
  for (auto lane : {log, store, queue})
    CAF_REQUIRE(!aut->append(lane, 9, 9, "x"));
  aut->written(log, 9);
  aut->doubt(log, {{{5, 6, 700}, 3, 9}, true});
  aut->doubt(store, {{{}, 1, 4}, false});
  aut->doubt(queue, {{{5, 7, 80}, 2, 2}, true});
  aut.reset();
  auto told = run("spool " + config.dir);
  CAF_MESSAGE(told.text);
  CAF_CHECK(told.has(" 3 to 9 failed "));
  CAF_CHECK(told.has(" 1 to 4 cut short "));
  CAF_CHECK(told.has(" 2 to 2 failed "));
  CAF_CHECK(told.has("a start will not believe items 3 to 9 of log app: a sync of them "
                     "failed\n"));
  CAF_CHECK(told.has("a start will not believe items 1 to 4 of session main: a sync was "
                     "to bring them to disk\n"));
  CAF_CHECK(run("--json spool " + config.dir)
              .has(R"("doubt":{"device":5,"inode":6,"offset":700,"first":3,"last":9,)"
                   R"("failed":true})"));
}

CAF_TEST(it finds the spool of a data directory) {
  leave_some();
  CAF_CHECK(!record_spool_place(data, config.dir));
  auto told = run("spool " + data);
  CAF_CHECK_EQUAL(told.code, 0);
  CAF_CHECK(told.has("replay 20 items"));
  test::write_file(data + "/id", "data-2\n");
  CAF_CHECK(run("spool " + data).has("a start will refuse it"));
  fs::remove_all(config.dir);
  told = run("spool " + data);
  CAF_CHECK_EQUAL(told.code, 0);
  CAF_CHECK(told.has("a start will replay nothing"));
}

CAF_TEST(it says when a service is running) {
  CAF_CHECK(run("spool " + config.dir).has("in use by a running service"));
  CAF_CHECK(run("--json spool " + config.dir).has(R"("inUse":true)"));
}

CAF_TEST(what cannot be read is one line and exit code 1) {
  leave_some();
  fs::remove(segments().front());
  for (const auto& dir : {config.dir, ram.path(), data, ram.path() + "/none"}) {
    auto told = run("spool " + dir);
    CAF_CHECK_EQUAL(told.code, 1);
    CAF_CHECK(told.has(dir));
    CAF_CHECK_EQUAL(told.text.find('\n'), told.text.size() - 1);
  }
}

CAF_TEST(a misspelt word is told the nearest one) {
  for (const auto& [words, part] :
       {std::pair{"stat", "\"stat\" is no command; the nearest is stats"},
        std::pair{"chekpoint", "\"chekpoint\" is no command; the nearest is checkpoint"},
        std::pair{"act", "the nearest is actors"},
        std::pair{"stats logs", "not \"logs\"; the nearest is log"},
        std::pair{"flush log", "the nearest is logs"},
        std::pair{"checkpoint ful", "the nearest is full"},
        std::pair{"--jsn status", "\"--jsn\" is no option; the nearest is --json"},
        std::pair{"--sockt=x status", "the nearest is --socket="}}) {
    auto told = run(words);
    CAF_CHECK_EQUAL(told.code, 2);
    CAF_CHECK(told.has(part));
    CAF_CHECK_EQUAL(told.text.find('\n'), told.text.size() - 1);
  }
}

CAF_TEST(anything else is told its usage) {
  for (const auto* words : {"", "spool", "spool a b", "nonsense", "--wrong spool a",
                            "spool --wrong", "spool ''"}) {
    auto told = run(words);
    CAF_CHECK_EQUAL(told.code, 2);
    CAF_CHECK(told.has("usage: sluicectl"));
  }
  CAF_CHECK_EQUAL(run("--help").code, 0);
  CAF_CHECK(run("--version").has("sluicectl 0."));
}

CAF_TEST_FIXTURE_SCOPE_END()

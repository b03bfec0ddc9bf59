// More logs than may have their file open: who is closed, and what must be so before.
#define CAF_SUITE log_places
#include "actors/log/log_writer.hpp"

#include "tests/failing_syncer.hpp"
#include "tests/fixture.hpp"
#include "tests/temp_dir.hpp"

using namespace sluice;
using namespace std::string_literals;
namespace fs = std::filesystem;

namespace {

struct places_fixture : test::fixture {
  places_fixture() {
    test::write_file(dir / "id", "x");
    log_writer_config config;
    config.directory = dir / "logs";
    config.identity_file = dir / "id";
    config.open_files_max = 2;
    config.make_syncer = [this] {
      return tracked(sys.spawn(test::failing_syncer, failing_syncs));
    };
    aut = tracked(sys.spawn(log_writer, std::move(config)));
  }

  ec write(const std::string& log, const std::string& lines) {
    log_batch batch{log, {std::make_shared<const std::string>(lines)}};
    return get<log_outcome>(aut, atom::write_v, std::move(batch)).code;
  }

  std::string file(const std::string& log) {
    return test::read_file(dir / ("logs/" + log + ".log"));
  }

  int64_t state(const std::string& name) {
    auto report = get<status_report>(aut, atom::status_v);
    for (auto& x : report.state)
      if (auto* number = caf::get_if<int64_t>(&x.value); number && x.name == name)
        return *number;
    return -1;
  }

  test::temp_dir dir;
  std::shared_ptr<int> failing_syncs = std::make_shared<int>(0);
  log_writer_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_places_tests, places_fixture)

CAF_TEST(of more logs than may be open the others are synced and closed and go on) {
  for (auto round : {"1\n", "2\n"})
    for (auto log : {"a", "b", "c", "d"}) {
      CAF_CHECK(write(log, round) == ec::none);
      CAF_CHECK_LESS_OR_EQUAL(state("openFiles"), 2);
    }
  for (auto log : {"a", "b", "c", "d"}) {
    CAF_CHECK_EQUAL(file(log), "1\n2\n");
    auto tail = get<log_tail>(aut, atom::tail_v, std::string{log}, tail_bounds{1});
    CAF_CHECK_EQUAL(tail.lines, "2\n");
  }
  CAF_CHECK_EQUAL(state("filesRested"), 6);
  CAF_CHECK_EQUAL(state("syncs"), 6);
}

CAF_TEST(a sync of a log whose file is closed has nothing left to do) {
  for (auto log : {"a", "b", "c"})
    write(log, "1\n");
  CAF_CHECK(get<io_counts>(aut, atom::sync_v, "a"s) == io_counts{});
  CAF_CHECK_EQUAL(state("openFiles"), 2);
}

CAF_TEST(a file in doubt stays open and whoever finds no place waits) {
  for (auto log : {"a", "b"}) {
    write(log, "1\n");
    *failing_syncs = 1;
    CAF_CHECK(!ask<io_counts>(aut, atom::sync_v, std::string{log}));
  }
  CAF_CHECK(write("c", "1\n") == ec::disk_failed);
  CAF_CHECK_EQUAL(state("suspectFiles"), 2);
  CAF_MESSAGE("WHEN one of them is mended and synced");
  get<io_counts>(aut, atom::sync_v, "a"s);
  CAF_CHECK(write("c", "1\n") == ec::none);
  CAF_CHECK_EQUAL(file("a"), "1\n");
}

CAF_TEST(a log that was rotated while its file was closed goes on in a new one) {
  for (auto log : {"a", "b", "c"})
    write(log, "1\n");
  fs::rename(dir / "logs/a.log", dir / "logs/a.log.1");
  write("a", "2\n");
  CAF_CHECK_EQUAL(file("a"), "2\n");
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/a.log.1"), "1\n");
}

CAF_TEST_FIXTURE_SCOPE_END()

// The promises of the log writer and its files, on a real file system.
#define CAF_SUITE log_writer
#include "actors/log/log_writer.hpp"

#include "actors/log/file_syncer.hpp"
#include "tests/disk_calls.hpp"
#include "tests/failing_syncer.hpp"
#include "tests/fixture.hpp"
#include "tests/small_disk.hpp"
#include "tests/temp_dir.hpp"

#include <fstream>

using namespace sluice;
using namespace std::string_literals;
namespace fs = std::filesystem;

namespace {

struct fixture : test::fixture {
  fixture() {
    test::write_file(dir / "id", "x");
    log_writer_config config;
    config.directory = dir / "logs";
    config.identity_file = dir / "id";
    config.make_syncer = [this] {
      return tracked(sys.spawn(test::failing_syncer, failing_syncs));
    };
    aut = tracked(sys.spawn(log_writer, std::move(config)));
  }

  log_outcome write(const std::string& lines, uint64_t skip = 0) {
    log_batch batch{"app", {std::make_shared<const std::string>(lines)}, skip};
    return get<log_outcome>(aut, atom::write_v, std::move(batch));
  }

  std::string tail(uint64_t lines) {
    return get<log_tail>(aut, atom::tail_v, "app"s, tail_bounds{lines}).lines;
  }

  std::string file() { return test::read_file(path); }

  test::temp_dir dir;
  std::string path = dir / "logs/app.log";
  std::shared_ptr<int> failing_syncs = std::make_shared<int>(0);
  log_writer_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(log_writer_tests, fixture)

CAF_TEST(a batch is one write at the end of the file) {
  auto outcome = write("a\nb\n");
  CAF_CHECK_EQUAL(outcome.code, ec::none);
  CAF_CHECK_EQUAL(outcome.written_bytes, 4u);
  CAF_CHECK_EQUAL(outcome.io.writes, 1u);
  write("c\n");
  CAF_CHECK_EQUAL(file(), "a\nb\nc\n");
}

CAF_TEST(bytes that an earlier try brought in are skipped) {
  CAF_CHECK_EQUAL(write("a\nb\n", 2).written_bytes, 4u);
  CAF_CHECK_EQUAL(file(), "b\n");
}

CAF_TEST(a file that ends in half a line gets a newline first) {
  fs::create_directory(dir / "logs");
  test::write_file(path, "half");
  write("whole\n");
  CAF_CHECK_EQUAL(file(), "half\nwhole\n");
}

CAF_TEST(a full disk keeps whole lines only and says how much it took) {
  {
    test::small_disk disk{10};
    auto outcome = write("12345\n12345\n");
    CAF_CHECK_EQUAL(outcome.code, ec::disk_full);
    CAF_CHECK_EQUAL(outcome.written_bytes, 6u);
    CAF_CHECK_EQUAL(file(), "12345\n");
  }
  CAF_MESSAGE("WHEN there is room again THEN the rest follows");
  CAF_CHECK_EQUAL(write("12345\n12345\n", 6).code, ec::none);
  CAF_CHECK_EQUAL(file(), "12345\n12345\n");
}

CAF_TEST(a renamed file is finished and the next batch opens the path anew) {
  write("old\n");
  fs::rename(path, dir / "logs/app.log.1");
  write("new\n");
  CAF_CHECK_EQUAL(file(), "new\n");
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log.1"), "old\n");
}

CAF_TEST(a symbolic link is not followed) {
  fs::create_directory(dir / "logs");
  test::write_file(dir / "elsewhere", "");
  fs::create_symlink(dir / "elsewhere", path);
  CAF_CHECK_EQUAL(write("a\n").code, ec::disk_failed);
  CAF_CHECK_EQUAL(test::read_file(dir / "elsewhere"), "");
}

CAF_TEST(nothing is made where the data directory is gone) {
  fs::remove(dir / "id");
  CAF_CHECK_EQUAL(write("a\n").code, ec::disk_failed);
  CAF_CHECK(!fs::exists(dir / "logs"));
}

CAF_TEST(the bytes of others are left alone) {
  write("a\n");
  std::ofstream{path, std::ios::app} << "theirs\n";
  write("b\n");
  CAF_CHECK_EQUAL(file(), "a\ntheirs\nb\n");
}

CAF_TEST(the last lines are read back across blocks) {
  std::string lines;
  for (int i = 0; i < 30'000; ++i)
    lines += "line " + std::to_string(i) + "\n";
  write(lines);
  auto two = tail(2);
  CAF_CHECK_EQUAL(two, "line 29998\nline 29999\n");
  auto everything = tail(30'000);
  CAF_CHECK(everything == lines);
  CAF_CHECK_EQUAL(tail(0), "");
}

CAF_TEST(reading a log that has no file makes none) {
  CAF_CHECK_EQUAL(tail(5), "");
  CAF_CHECK(!fs::exists(path));
  CAF_CHECK(!get<bool>(aut, atom::find_v, "app"s));
}

CAF_TEST(what is no file in the place of a log is not an empty log) {
  fs::create_directories(path);
  CAF_CHECK(!ask<log_tail>(aut, atom::tail_v, "app"s, tail_bounds{5}));
  CAF_CHECK(get<bool>(aut, atom::find_v, "app"s));
  CAF_CHECK(!ask<bool>(aut, atom::find_v, std::string(300, 'x')));
}

CAF_TEST(after a failed sync what was lost is written again before a sync counts) {
  write("kept\n");
  CAF_CHECK(ask<io_counts>(aut, atom::sync_v, "app"s));
  write("doubtful\n");
  *failing_syncs = 1;
  CAF_CHECK(!ask<io_counts>(aut, atom::sync_v, "app"s));
  write("later\n");
  auto again = get<io_counts>(aut, atom::sync_v, "app"s);
  CAF_MESSAGE("THEN the doubtful bytes and the later ones were written once more");
  CAF_CHECK_EQUAL(again.write_bytes, "doubtful\nlater\n"s.size());
  CAF_CHECK_EQUAL(again.syncs, 1u);
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\nlater\n");
}

CAF_TEST(after a failed sync bytes that are no longer the end are not cut) {
  write("doubtful\n");
  *failing_syncs = 1;
  CAF_CHECK(!ask<io_counts>(aut, atom::sync_v, "app"s));
  std::ofstream{path, std::ios::app} << "theirs\n";
  CAF_CHECK(!ask<io_counts>(aut, atom::sync_v, "app"s));
  CAF_CHECK_EQUAL(file(), "doubtful\ntheirs\n");
}

CAF_TEST(lines that were cut off are not lost when they cannot be written again) {
  write("kept\n");
  CAF_CHECK(ask<io_counts>(aut, atom::sync_v, "app"s));
  write("doubtful\nmore\n");
  *failing_syncs = 1;
  CAF_CHECK(!ask<io_counts>(aut, atom::sync_v, "app"s));
  {
    test::small_disk disk{16};
    CAF_CHECK_EQUAL(refusal<io_counts>(aut, atom::sync_v, "app"s), ec::disk_full);
    CAF_MESSAGE("AND nothing is written in their place");
    CAF_CHECK_EQUAL(write("x\n").code, ec::disk_full);
    CAF_CHECK_EQUAL(file(), "kept\ndoubtful\n");
  }
  CAF_CHECK_EQUAL(write("later\n").code, ec::none);
  CAF_CHECK_EQUAL(file(), "kept\ndoubtful\nmore\nlater\n");
  CAF_CHECK(ask<io_counts>(aut, atom::sync_v, "app"s));
}

CAF_TEST(lines that were cut off are kept until they are synced) {
  write("doubtful\n");
  *failing_syncs = 2;
  CAF_CHECK(!ask<io_counts>(aut, atom::sync_v, "app"s));
  CAF_CHECK(!ask<io_counts>(aut, atom::sync_v, "app"s));
  write("later\n");
  CAF_MESSAGE("WHEN the second failure made the kernel drop the pages");
  std::fstream{path, std::ios::in | std::ios::out} << std::string(9, '\0');
  CAF_CHECK(ask<io_counts>(aut, atom::sync_v, "app"s));
  CAF_CHECK_EQUAL(file(), "doubtful\nlater\n");
}

CAF_TEST(lines that were cut off follow their file when it is renamed) {
  write("doubtful\n");
  *failing_syncs = 1;
  CAF_CHECK(!ask<io_counts>(aut, atom::sync_v, "app"s));
  {
    test::small_disk disk{4};
    CAF_CHECK(!ask<io_counts>(aut, atom::sync_v, "app"s));
  }
  fs::rename(path, dir / "logs/app.log.1");
  write("new\n");
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log.1"), "doubtful\n");
  CAF_CHECK_EQUAL(file(), "new\n");
}

CAF_TEST(stop syncs what is not synced and says so) {
  write("a\n");
  test::disk_calls disk{dir.path()};
  auto report = get<stop_report>(aut, atom::stop_v);
  CAF_CHECK(disk.synced("logs/app.log"));
  CAF_CHECK_EQUAL(report.drained, 1u);
  CAF_CHECK_EQUAL(report.left, 0u);
}

CAF_TEST_FIXTURE_SCOPE_END()

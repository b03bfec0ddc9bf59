// Whether a database's files are still the open ones, and how their content is saved.
#define CAF_SUITE sqlite_files
#include "actors/storage/sqlite_files.hpp"
#include "tests/sqlite_fixture.hpp"

#include <filesystem>
#include <fstream>
#include <optional>

using namespace sluice;
using namespace sluice::test;

namespace fs = std::filesystem;
using kind = sqlite::replacement::kind;

namespace {

struct local : sqlite_fixture {
  local() { open(); }

  void open(bool wal = true) {
    config.path = path;
    config.wal = wal;
    CAF_REQUIRE(sqlite::open_writer(db, config).engaged());
    watch.emplace(files, path, wal);
    run("CREATE TABLE IF NOT EXISTS t(a)");
    run("INSERT INTO t VALUES (1)");
  }

  void run(const std::string& sql) {
    if (auto err = db.run(sql))
      CAF_FAIL(sql << ": " << text_of(err));
  }

  void checkpoint() {
    CAF_REQUIRE(!db.checkpoint(checkpoint_mode::truncate)->busy);
    CAF_REQUIRE(!watch->look());
  }

  /// What the watch finds, or none.
  std::optional<kind> found() {
    auto x = watch->look();
    return x ? std::optional{x->what} : std::nullopt;
  }

  std::string rows_of(const std::string& file) {
    return onlooker{file}.ask("SELECT group_concat(a) FROM t").front();
  }

  void overwrite(const std::string& from) {
    fs::copy_file(from, path, fs::copy_options::overwrite_existing);
  }

  std::string backup = directory + "/backup.db";
  sqlite::settings config;
  sqlite::vfs files;
  sqlite::connection db{files};
  std::optional<sqlite::file_watch> watch;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(sqlite_files_tests, local)

CAF_TEST(what the connection does itself is no replacement) {
  CAF_CHECK(!found());
  run("INSERT INTO t VALUES (2)");
  CAF_CHECK(!found());
  checkpoint();
  run("VACUUM");
  CAF_CHECK(!found());
  checkpoint();
}

CAF_TEST(what another connection does is no replacement) {
  checkpoint();
  {
    onlooker other{path, sqlite::access::read_write};
    other.ask("INSERT INTO t VALUES (2)");
    CAF_CHECK(!other.db.checkpoint(checkpoint_mode::truncate)->busy);
  }
  CAF_CHECK(!found());
  run("INSERT INTO t VALUES (3)");
  CAF_CHECK(!found());
}

CAF_TEST(a file that was only touched is no replacement) {
  run("INSERT INTO t VALUES (2)");
  checkpoint();
  fs::last_write_time(path, fs::file_time_type::clock::now() + 1h);
  CAF_CHECK(!found());
}

CAF_TEST(a WAL or an index that is gone is saved in place) {
  for (const auto* suffix : {"-wal", "-shm"}) {
    fs::remove(path + suffix);
    CAF_REQUIRE(found() == kind::beside);
    CAF_REQUIRE(found() == kind::beside);
    auto rescue = sqlite::save_and_close(db, files, *watch->look());
    CAF_CHECK(rescue.in_place);
    CAF_CHECK(!sqlite::find_saved(path));
    CAF_CHECK(rows_of(path).starts_with("1"));
    open();
    CAF_CHECK(!found());
  }
  CAF_CHECK_EQUAL(rows_of(path), "1,1,1");
}

CAF_TEST(a WAL that somebody else has begun anew is not written over) {
  fs::remove(path + "-wal");
  std::ofstream{path + "-wal"} << "x";
  CAF_CHECK(found() == kind::content);
}

CAF_TEST(a WAL that is gone is not moved into what somebody else has written since) {
  checkpoint();
  run("INSERT INTO t VALUES (2)");
  CAF_REQUIRE(!found());
  fs::remove(path + "-wal");
  CAF_MESSAGE("our pages are there still, and others may not be");
  fs::last_write_time(path, fs::file_time_type::clock::now() + 1h);
  CAF_REQUIRE(found() == kind::content);
  auto rescue = sqlite::save_and_close(db, files, *watch->look());
  CAF_CHECK_EQUAL(rows_of(rescue.file), "1,2");
  CAF_CHECK_EQUAL(rows_of(path), "1");
}

CAF_TEST(a WAL that was cut is found before anything is written behind the hole) {
  CAF_REQUIRE(!found());
  fs::resize_file(path + "-wal", 0);
  CAF_CHECK(found() == kind::content);
}

CAF_TEST(another database in the place is found and the old one is copied whole) {
  checkpoint();
  fs::copy_file(path, backup);
  run("INSERT INTO t VALUES (2)");
  fs::rename(backup, path);
  CAF_REQUIRE(found() == kind::database);
  auto rescue = sqlite::save_and_close(db, files, *watch->look());
  CAF_CHECK(!rescue.in_place);
  CAF_CHECK_EQUAL(rescue.file, path + ".replaced-1");
  CAF_CHECK_EQUAL(rows_of(rescue.file), "1,2");
  CAF_CHECK(sqlite::find_saved(path) == rescue.file);
  CAF_MESSAGE("THEN the old WAL is not taken for the new database's");
  CAF_CHECK(!fs::exists(path + "-wal"));
  CAF_CHECK_EQUAL(rows_of(path), "1");
}

CAF_TEST(a database that was written over is found and its WAL is set aside) {
  checkpoint();
  fs::copy_file(path, backup);
  run("INSERT INTO t VALUES (2)");
  checkpoint();
  run("INSERT INTO t VALUES (3)");
  CAF_REQUIRE(!found());
  overwrite(backup);
  CAF_REQUIRE(found() == kind::content);
  CAF_REQUIRE(found() == kind::content);
  auto rescue = sqlite::save_and_close(db, files, *watch->look());
  CAF_CHECK_EQUAL(rescue.file, path + "-wal.replaced-1");
  CAF_CHECK(sqlite::find_saved(path) == rescue.file);
  CAF_CHECK_EQUAL(rows_of(path), "1");
}

CAF_TEST(with a rollback journal another file is found and commits are not ) {
  db.close();
  open(false);
  CAF_CHECK(!found());
  run("INSERT INTO t VALUES (2)");
  CAF_CHECK(!found());
  fs::copy_file(path, backup);
  fs::rename(backup, path);
  CAF_CHECK(found() == kind::database);
}

CAF_TEST(a connection that is closed has no files to lose) {
  db.close();
  fs::remove(path);
  CAF_CHECK(!found());
}

CAF_TEST_FIXTURE_SCOPE_END()

// What is on disk before what: bytes before the name that shows them, and the name before
// anybody goes on.
#define CAF_SUITE disk_order

#include "actors/storage/append_file.hpp"
#include "actors/storage/folder.hpp"
#include "actors/storage/spool_place.hpp"
#include "actors/storage/sync_token.hpp"
#include "tests/disk_calls.hpp"
#include "tests/temp_dir.hpp"

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
using namespace std::string_literals;

struct fixture {
  using calls = std::vector<std::string>;

  test::temp_dir dir;
  test::disk_calls disk{dir.path()};

  static caf::error sync(const std::shared_ptr<append_file>& file) {
    return sync_token{file}.run_here();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(disk_order_tests, fixture)

CAF_TEST(a file is replaced by one that is on disk and so is its name) {
  CAF_REQUIRE(!folder{dir.path()}.replace("id", "x"));
  const auto done = disk.take();
  CAF_CHECK(done == (calls{"sync id.new", "rename id", "sync ."}));
}

CAF_TEST(a file is not replaced by one that is not on disk) {
  CAF_REQUIRE(!folder{dir.path()}.replace("id", "old"));
  disk.fail_syncs("id.new", 1);
  CAF_CHECK(folder{dir.path()}.replace("id", "new"));
  CAF_CHECK_EQUAL(test::read_file(dir / "id"), "old");
  CAF_MESSAGE("and a name that is not on disk is an error");
  disk.fail_syncs(".", 1);
  CAF_CHECK(folder{dir.path()}.replace("id", "new"));
}

CAF_TEST(a directory that was made is on disk by its name) {
  CAF_REQUIRE(!folder{dir / "sessions"}.make());
  const auto done = disk.take();
  CAF_CHECK(done == calls{"sync ."});
  disk.fail_syncs(".", 1);
  CAF_CHECK(folder{dir / "queue"}.make());
}

CAF_TEST(a new file is synced with its name and later on alone) {
  auto file = append_file::open(dir.path(), "a");
  CAF_REQUIRE(file);
  CAF_REQUIRE(!(*file)->append("1\n").problem);
  CAF_REQUIRE(!sync(*file));
  const auto first = disk.take();
  CAF_CHECK(first == (calls{"sync .", "sync a"}));
  CAF_REQUIRE(!(*file)->append("2\n").problem);
  CAF_REQUIRE(!sync(*file));
  const auto second = disk.take();
  CAF_CHECK(second == calls{"sync a"});
}

CAF_TEST(a name whose sync failed is synced again) {
  auto file = append_file::open(dir.path(), "a");
  CAF_REQUIRE(file);
  disk.fail_syncs(".", 1);
  CAF_CHECK(sync(*file));
  CAF_MESSAGE("whoever syncs has what is in doubt written again first");
  io_counts io;
  CAF_REQUIRE(!(*file)->rewrite_unsynced("", io));
  CAF_CHECK(!sync(*file));
  const auto done = disk.take();
  CAF_CHECK(done == (calls{"sync .", "sync a"}));
}

CAF_TEST(the new name of a file that was set aside is on disk with its next sync) {
  auto file = append_file::open(dir.path(), "a");
  CAF_REQUIRE(file);
  CAF_REQUIRE(!sync(*file));
  CAF_REQUIRE((*file)->set_aside());
  disk.take();
  CAF_REQUIRE(!sync(*file));
  const auto done = disk.take();
  CAF_CHECK(done == (calls{"sync .", "sync a.aside-1"}));
}

CAF_TEST(where the spool is and that it is gone are on disk) {
  CAF_REQUIRE(!record_spool_place(dir.path(), "/dev/shm/x"));
  const auto recorded = disk.take();
  CAF_CHECK(recorded
            == (calls{"sync spool-location.new", "rename spool-location", "sync ."}));
  CAF_REQUIRE(!forget_spool_place(dir.path()));
  const auto forgotten = disk.take();
  CAF_CHECK(forgotten == calls{"sync ."});
  disk.fail_syncs(".", 1);
  CAF_CHECK(forget_spool_place(dir.path()));
}

CAF_TEST_FIXTURE_SCOPE_END()

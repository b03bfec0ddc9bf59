// What of the database counts as on disk, and as proven: no half of a checkpoint, and no
// recovery that somebody kept from looking.
#define CAF_SUITE database_syncs
#include "tests/sql_queue_fixture.hpp"

#include <caf/event_based_actor.hpp>

#include <algorithm>
#include <fstream>
#include <optional>
#include <vector>

using namespace sluice;
using namespace sluice::test;

namespace {

/// Another program that reads what is in table t now, until it is gone.
struct reader {
  explicit reader(const std::string& path) : other(path) {
    auto statement = other.db.prepare("SELECT * FROM t", sql_origin::user);
    CAF_REQUIRE(statement);
    held.emplace(std::move(*statement));
    CAF_REQUIRE(held->step());
  }

  onlooker other;
  std::optional<sqlite::statement> held;
};

struct local : queue_fixture {
  local() {
    start_with_spool();
    make_table();
    must("INSERT INTO t VALUES (100, 'x')");
  }

  checkpoint_report checkpoint(checkpoint_mode mode) {
    auto report =
      get<checkpoint_report>(writer, atom::checkpoint_v, mode, caf::timespan{1ms});
    settle();
    return report;
  }

  ec insert_on_disk(int64_t key) {
    auto receipt = write(insert(key), durability::disk);
    return receipt ? ec::none : code_of(receipt.error());
  }

  /// Has syncs fail, of the recovery too that comes by itself: nothing is on disk from
  /// then on until another one has proven it.
  void make_suspect() {
    files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 100);
    CAF_REQUIRE_EQUAL(insert_on_disk(1000), ec::disk_failed);
    settle();
    files().fail(sqlite::io_operation::sync, sqlite_ioerr_fsync, 0);
    CAF_REQUIRE(stats().suspect);
  }

  bool recovers() { return get<maintenance_report>(writer, atom::recover_v).ok; }

  /// A number in the header of the file.
  void write_header(long offset, const std::string& bytes) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(offset);
    file << bytes;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(database_syncs_tests, local)

CAF_TEST(a checkpoint of which a part was held back brings nothing of the queue to disk) {
  for (auto mode : {checkpoint_mode::passive, checkpoint_mode::truncate}) {
    reader other{path};
    const auto seq = append(insert(static_cast<int64_t>(mode) + 1)).seq;
    flush();
    const auto report = checkpoint(mode);
    CAF_CHECK_LESS(report.checkpointed, report.wal_frames);
    const auto kept = lane();
    CAF_CHECK_EQUAL(kept.written, seq);
    CAF_CHECK_LESS(kept.released, seq);
    other.held.reset();
    CAF_MESSAGE("one that moves all of it does");
    checkpoint(mode);
    CAF_CHECK_EQUAL(lane().released, seq);
  }
}

CAF_TEST(a checkpoint that another one keeps out brings nothing of the queue to disk) {
  append(insert(1));
  flush();
  onlooker other{path, sqlite::access::read_write};
  CAF_REQUIRE(!other.db.run("BEGIN IMMEDIATE"));
  CAF_CHECK(checkpoint(checkpoint_mode::truncate).busy);
  const auto kept = lane();
  CAF_CHECK_EQUAL(kept.released, 0u);
  CAF_REQUIRE(!other.db.run("ROLLBACK"));
  CAF_CHECK(!checkpoint(checkpoint_mode::truncate).busy);
  CAF_CHECK_EQUAL(lane().released, 1u);
}

CAF_TEST(a recovery proves nothing while somebody reads what it is to look at) {
  make_suspect();
  {
    reader other{path};
    CAF_CHECK(!recovers());
    CAF_CHECK(stats().suspect);
    CAF_CHECK_EQUAL(insert_on_disk(1), ec::disk_failed);
  }
  CAF_CHECK(recovers());
  CAF_CHECK_EQUAL(insert_on_disk(2), ec::none);
}

CAF_TEST(a recovery that finds damage goes on refusing until it is mended) {
  CAF_REQUIRE(!checkpoint(checkpoint_mode::truncate).busy);
  make_suspect();
  CAF_MESSAGE("a list of free pages that is shorter than it says");
  constexpr long free_pages = 36;
  write_header(free_pages, std::string("\0\0\0\5", 4));
  const auto found = get<maintenance_report>(writer, atom::recover_v);
  CAF_CHECK(!found.ok);
  CAF_REQUIRE_EQUAL(found.errors.size(), 1u);
  CAF_CHECK(stats().suspect);
  CAF_CHECK_NOT_EQUAL(insert_on_disk(1), ec::none);
  write_header(free_pages, std::string(4, '\0'));
  CAF_CHECK(recovers());
  CAF_CHECK_EQUAL(insert_on_disk(2), ec::none);
}

CAF_TEST(ten thousand wait for the disk and one more is refused) {
  onlooker other{path, sqlite::access::read_write};
  CAF_REQUIRE(!other.db.run("BEGIN IMMEDIATE"));
  append(insert(1));
  std::vector<ec> codes;
  tracked(sys.spawn([&](caf::event_based_actor* me) {
    for (int n = 0; n < 10'001; ++n)
      me->request(uut, caf::infinite, atom::persist_v, uint64_t{1})
        .then([&](durability) { codes.push_back(ec::none); },
              [&](const caf::error& err) { codes.push_back(code_of(err)); });
  }));
  settle();
  CAF_CHECK(codes == std::vector{ec::overloaded});
  CAF_MESSAGE("those who wait are answered, and then there is room again");
  CAF_REQUIRE(!other.db.run("ROLLBACK"));
  pass(10s);
  CAF_CHECK_EQUAL(std::ranges::count(codes, ec::none), 10'000);
  append(insert(2));
  CAF_CHECK_EQUAL(persist(2), durability::disk);
}

CAF_TEST_FIXTURE_SCOPE_END()

// Where the spool lies, what becomes of it when the place is full or taken away, and
// how starts that died are counted.
#define CAF_SUITE spool_place

#include "actors/storage/spool_place.hpp"
#include "actors/storage/spool.hpp"
#include "messages/error.hpp"
#include "tests/small_tmpfs.hpp"
#include "tests/spool_fixture.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include <caf/test/dsl.hpp>

namespace {

using namespace sluice;
namespace fs = std::filesystem;

struct fixture : test::spool_fixture {
  /// A place that is a disk, as far as we know one.
  test::temp_dir disk;
  std::string data = ram.path() + "/data";
  const std::string id = "0123456789abcdef0123456789abcdef";

  fixture() { fs::create_directory(data); }

  bool shm_is_ram() { return ram.path().starts_with("/dev/shm"); }

  bool disk_is_ram() {
    auto place = choose_spool_place(disk.path(), id, {});
    return place && place->in_ram;
  }

  void fill_file(const std::string& path) {
    std::ofstream file{path, std::ios::binary};
    const std::string block(65'536, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
      // nop
    }
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(spool_place_tests, fixture)

// -- the choice ----------------------------------------------------------------------

CAF_TEST(the first base in RAM that is ours is chosen) {
  if (!shm_is_ram() || disk_is_ram())
    return;
  auto base = ram.path() + "/base";
  auto place = choose_spool_place(
    "", id, {disk.path() + "/sluice", "/proc/sluice", base, ram.path() + "/later"});
  CAF_REQUIRE(place);
  CAF_CHECK(*place == (spool_place{base + "/01234567", true}));
  CAF_CHECK(fs::exists(base));
  CAF_CHECK(!fs::exists(disk.path() + "/sluice"));
}

CAF_TEST(a base that others may write is passed over) {
  if (!shm_is_ram())
    return;
  auto open_to_all = ram.path() + "/all";
  fs::create_directory(open_to_all);
  ::chmod(open_to_all.c_str(), 0777);
  fs::create_symlink(open_to_all, ram.path() + "/link");
  auto place = choose_spool_place("", id, {open_to_all, ram.path() + "/link"});
  CAF_REQUIRE(!place);
  CAF_CHECK(place.error() == ec::unavailable);
  CAF_CHECK_NOT_EQUAL(text_of(place.error()).find(open_to_all), std::string::npos);
}

CAF_TEST(where another user has the base one that nobody could guess stands in) {
  if (!shm_is_ram() || ::geteuid() != 0)
    return;
  auto base = ram.path() + "/base";
  fs::create_directory(base);
  CAF_REQUIRE_EQUAL(::chown(base.c_str(), 65534, 65534), 0);
  auto place = choose_spool_place("", id, {disk.path() + "/none", base});
  CAF_REQUIRE(place);
  CAF_CHECK(place->dir.starts_with(base + "-"));
  CAF_CHECK_EQUAL(place->dir.size(), base.size() + 1 + 16 + 1 + 8);
  CAF_CHECK_NOT_EQUAL(place->squatted.find(base + " is another user's"), place->dir.npos);
  CAF_MESSAGE("and each start finds the same");
  auto next = fs::path{place->dir}.parent_path().string();
  fs::create_directory(base + "-x");
  fs::create_directory(base + "-0000000000000000");
  ::chmod((base + "-0000000000000000").c_str(), 0777);
  CAF_CHECK(*choose_spool_place("", id, {base}) == *place);
  CAF_MESSAGE("and the base itself once it is ours");
  CAF_REQUIRE_EQUAL(::chown(base.c_str(), 0, 0), 0);
  CAF_CHECK(*choose_spool_place("", id, {base})
            == (spool_place{base + "/01234567", true}));
}

CAF_TEST(a wanted place is taken as it is and told to be a disk) {
  auto place = choose_spool_place(disk.path() + "/not/there", id, spool_bases());
  CAF_REQUIRE(place);
  CAF_CHECK_EQUAL(place->dir, disk.path() + "/not/there");
  CAF_CHECK_EQUAL(place->in_ram, disk_is_ram());
  if (shm_is_ram())
    CAF_CHECK(choose_spool_place(ram.path() + "/x", id, {})->in_ram);
}

CAF_TEST(the bases are those of the contract) {
  ::setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
  auto uid = std::to_string(::geteuid());
  CAF_CHECK(spool_bases()
            == (std::vector<std::string>{"/run/user/1/sluice", "/run/sluice",
                                         "/dev/shm/sluice-" + uid}));
  ::unsetenv("XDG_RUNTIME_DIR");
  CAF_CHECK_EQUAL(spool_bases().size(), 2u);
}

CAF_TEST(the data directory remembers the place) {
  CAF_CHECK(*recorded_spool_place(data) == std::nullopt);
  CAF_CHECK(!record_spool_place(data, config.dir));
  CAF_CHECK(*recorded_spool_place(data) == config.dir);
  CAF_CHECK_EQUAL(test::read_file(data + "/spool-location"), config.dir + "\n");
  CAF_CHECK(!fs::exists(data + "/spool-location.new"));
  test::write_file(data + "/spool-location", "/half");
  CAF_CHECK(recorded_spool_place(data).error() == ec::unavailable);
  CAF_CHECK(record_spool_place(data, config.dir) == ec::unavailable);
}

CAF_TEST(an earlier place is told while a spool lies there) {
  reopen();
  CAF_CHECK(!record_spool_place(data, config.dir));
  CAF_CHECK(*earlier_spool_place(data, config.dir) == std::nullopt);
  CAF_CHECK(*earlier_spool_place(data, "/elsewhere") == config.dir);
  auto lane = aut->lane(lane_kind::log, "a");
  CAF_REQUIRE(!aut->append(lane, 1, 1, "x"));
  CAF_CHECK(!aut->remove_empty());
  aut->released(lane, 1);
  CAF_CHECK(aut->remove_empty());
  CAF_CHECK(!fs::exists(config.dir));
  CAF_CHECK(*earlier_spool_place(data, "/elsewhere") == std::nullopt);
}

CAF_TEST(swap in compressed memory is no disk) {
  auto table = ram.path() + "/swaps";
  const std::string head = "Filename\tType\tSize\tUsed\tPriority\n";
  const auto swaps = [&](const std::string& lines) {
    test::write_file(table, head + lines);
    return swap_is_on(table);
  };
  CAF_CHECK(!swaps(""));
  CAF_CHECK(!swaps("/dev/zram0 partition 100 0 5\n"));
  CAF_CHECK(swaps("/dev/zram0 partition 100 0 5\n/var/swap file 100 0 -2\n"));
  CAF_CHECK(!swap_is_on(ram.path() + "/none"));
}

// -- room ----------------------------------------------------------------------------

CAF_TEST(a full tmpfs is an error at the opening) {
  test::small_tmpfs small{config.dir, "32k"};
  if (!small)
    return;
  auto err = refusal();
  CAF_CHECK(err == ec::disk_full);
  CAF_CHECK(fs::is_empty(config.dir));
}

CAF_TEST(a tmpfs that others filled refuses items and takes marks) {
  test::small_tmpfs small{config.dir, "512k"};
  if (!small)
    return;
  reopen();
  auto lane = aut->lane(lane_kind::log, "a");
  CAF_REQUIRE(!aut->append(lane, 1, 1, "x"));
  fill_file(config.dir + "/others");
  uint64_t seq = 1;
  while (seq < 10'000 && !aut->append(lane, seq + 1, 1, std::string(100, 'x')))
    ++seq;
  CAF_CHECK(aut->append(lane, seq + 1, 1, "x") == ec::overloaded);
  for (uint64_t i = 0; i < 250; ++i)
    aut->begin_batch(lane, {{1, 2, i}, 1, seq});
  CAF_CHECK(aut->available());
  CAF_CHECK(aut->check_place());
  // The next life does with what it finds.
  reopen();
  CAF_CHECK_EQUAL(aut->read(lane, 0).size(), seq);
  CAF_CHECK(aut->state(lane).note == (batch_note{{1, 2, 249}, 1, seq}));
  fs::remove(config.dir + "/others");
  CAF_CHECK(!aut->append(lane, seq + 1, 1, "x"));
}

// -- a place that goes ---------------------------------------------------------------

CAF_TEST(a place that was deleted refuses items until it is renewed) {
  reopen();
  auto id_before = aut->id();
  auto lane = aut->lane(lane_kind::log, "a");
  auto other = aut->lane(lane_kind::session, "b");
  for (uint64_t seq = 1; seq <= 10; ++seq)
    CAF_REQUIRE(!aut->append(lane, seq, 1, "x"));
  CAF_CHECK(aut->check_place());
  fs::remove_all(config.dir);
  CAF_CHECK(!aut->check_place());
  CAF_CHECK(!aut->available());
  CAF_CHECK(aut->append(lane, 11, 1, "x") == ec::unavailable);
  CAF_CHECK_EQUAL(aut->read(lane, 0).size(), 10u);
  aut->begin_batch(lane, {{1, 2, 3}, 1, 10});
  aut->written(lane, 10);
  CAF_REQUIRE(!aut->renew());
  CAF_CHECK(aut->check_place());
  CAF_CHECK_NOT_EQUAL(aut->id(), id_before);
  CAF_CHECK(aut->read(lane, 0).empty());
  CAF_CHECK(!aut->append(lane, 11, 1, "x"));
  CAF_CHECK(!aut->append(other, 1, 1, "x"));
  reopen();
  CAF_CHECK_EQUAL(aut->state(lane).appended, 11u);
  CAF_CHECK_EQUAL(aut->state(lane).released, 10u);
}

CAF_TEST(any file that goes is seen and so is the directory) {
  reopen();
  auto lane = aut->lane(lane_kind::log, "a");
  CAF_REQUIRE(!aut->append(lane, 1, 1, "x"));
  fs::remove(segments().front());
  CAF_CHECK(!aut->check_place());
  CAF_REQUIRE(!aut->renew());
  fs::remove(config.dir + "/header");
  CAF_CHECK(!aut->check_place());
  CAF_REQUIRE(!aut->renew());
  fs::rename(config.dir, config.dir + ".gone");
  CAF_CHECK(!aut->check_place());
  CAF_REQUIRE(!aut->renew());
  CAF_CHECK(aut->check_place());
  CAF_CHECK(!aut->append(lane, 2, 1, "x"));
}

CAF_TEST(a place that another service took is left to it) {
  reopen();
  fs::rename(config.dir, config.dir + ".gone");
  auto second = spool::open(config);
  CAF_REQUIRE(second);
  CAF_CHECK(!aut->check_place());
  CAF_CHECK(aut->renew() == ec::unavailable);
  auto lane = (*second)->lane(lane_kind::log, "a");
  CAF_REQUIRE(!(*second)->append(lane, 1, 1, "x"));
  CAF_CHECK(aut->renew() == ec::unavailable);
  CAF_CHECK(!aut->available());
  CAF_CHECK((*second)->check_place());
}

// -- starts --------------------------------------------------------------------------

CAF_TEST(starts that died inside one record are counted) {
  reopen();
  auto lane = aut->lane(lane_kind::log, "a");
  for (uint64_t seq = 1; seq <= 3; ++seq)
    CAF_REQUIRE(!aut->append(lane, seq, 1, "x"));
  for (uint64_t deaths = 0; deaths < 3; ++deaths) {
    reopen();
    CAF_CHECK_EQUAL(aut->begin_replay(lane, 1), 0u);
    CAF_CHECK_EQUAL(aut->begin_replay(lane, 2), deaths);
    CAF_CHECK_EQUAL(aut->begin_replay(lane, 2), deaths);
  }
  // A start that ends elsewhere, or none that replays, changes nothing for the better.
  reopen();
  reopen();
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 2), 3u);
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 3), 0u);
  aut->end_replay(lane);
  reopen();
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 2), 0u);
}

CAF_TEST(a start that died with several records at once counts for each of them) {
  reopen();
  auto lane = aut->lane(lane_kind::log, "a");
  auto other = aut->lane(lane_kind::log, "b");
  for (uint64_t seq = 1; seq <= 4; ++seq)
    CAF_REQUIRE(!aut->append(lane, seq, 1, "x"));
  CAF_CHECK_EQUAL(aut->begin_replay_from(lane, 2), 0u);
  CAF_CHECK(!aut->died_in_replay());
  reopen();
  CAF_CHECK(aut->died_in_replay());
  CAF_CHECK_EQUAL(aut->begin_replay_from(other, 1), 0u);
  aut->end_replay(other);
  CAF_CHECK_EQUAL(aut->begin_replay_from(lane, 1), 1u);
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 1), 0u);
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 4), 1u);
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 3), 1u);
  CAF_MESSAGE("the second death tells which of them it was");
  reopen();
  CAF_CHECK_EQUAL(aut->begin_replay_from(lane, 2), 2u);
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 2), 0u);
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 4), 0u);
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 3), 2u);
}

CAF_TEST(a death while a replay waits says nothing and what is known stays) {
  reopen();
  auto lane = aut->lane(lane_kind::log, "a");
  auto other = aut->lane(lane_kind::log, "b");
  CAF_REQUIRE(!aut->append(lane, 1, 1, "x"));
  CAF_REQUIRE(!aut->append(other, 1, 1, "x"));
  aut->begin_replay(lane, 1);
  reopen();
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 1), 1u);
  aut->pause_replay(lane);
  reopen();
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 1), 1u);
  aut->begin_replay(other, 1);
  aut->pause_replay(other);
  CAF_MESSAGE("who waits hands over to who does not");
  reopen();
  CAF_CHECK_EQUAL(aut->begin_replay(lane, 1), 2u);
  aut->pause_replay(lane);
  aut->end_replay(lane);
  CAF_CHECK(!aut->died_in_replay());
}

CAF_TEST_FIXTURE_SCOPE_END()

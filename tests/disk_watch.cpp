// The promises of the disk watch, on a real directory.
#define CAF_SUITE disk_watch
#include "actors/observe/disk_watch.hpp"

#include "tests/fixture.hpp"
#include "tests/temp_dir.hpp"

#include <filesystem>

using namespace sluice;

namespace {

struct fixture : test::fixture {
  fixture() { test::write_file(dir / "id", "x"); }

  status_report look(uint64_t free_bytes_min) {
    disk_watch_config config{dir.path(), dir / "id", free_bytes_min};
    aut = tracked(sys.spawn(disk_watch, config));
    return get<status_report>(aut, atom::status_v);
  }

  uint64_t free_bytes() const { return std::filesystem::space(dir.path()).available; }

  test::temp_dir dir;
  disk_watch_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(disk_watch_tests, fixture)

CAF_TEST(a directory with room passes every check) {
  auto report = look(1);
  CAF_CHECK(report.alerts.empty());
  CAF_REQUIRE_EQUAL(report.checks.size(), 3u);
  for (auto& each : report.checks)
    CAF_CHECK(each.ok);
}

CAF_TEST(too little room is told) {
  const auto nearly_full = [this](uint64_t wanted) {
    const auto report = look(wanted);
    return report.alerts.size() == 1 && report.alerts[0].id == "disk-nearly-full";
  };
  // Others use the disk meanwhile, but not half of what is free.
  const auto free = free_bytes();
  CAF_REQUIRE_GREATER(free, 0u);
  CAF_CHECK(!nearly_full(free / 2));
  CAF_CHECK(nearly_full(free * 2));
}

CAF_TEST(a directory that is gone is told until it is back) {
  std::filesystem::remove(dir / "id");
  auto report = look(1);
  CAF_REQUIRE_EQUAL(report.alerts.size(), 1u);
  CAF_CHECK_EQUAL(report.alerts[0].id, "data-directory-gone");
  test::write_file(dir / "id", "x");
  CAF_CHECK(get<status_report>(aut, atom::status_v).alerts.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()

// How many files clients may cause.
#define CAF_SUITE file_quota

#include "actors/storage/file_quota.hpp"
#include "messages/error.hpp"
#include "tests/temp_dir.hpp"

#include <caf/test/dsl.hpp>

#include <chrono>
#include <filesystem>

using namespace sluice;
using namespace std::chrono_literals;

namespace {

struct fixture {
  fixture() { aut.bound(dir.path(), 3); }

  void make(const std::string& name) { test::write_file(dir / name, "x"); }

  caf::error let_in(const std::string& name) { return aut.let_in({name}, now); }

  size_t alerts() {
    status_report report;
    aut.tell(report, now);
    return report.alerts.size();
  }

  test::temp_dir dir;
  file_quota aut{"log.max-files", "log-files-full"};
  file_quota::time_point now{1h};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(file_quota_tests, fixture)

CAF_TEST(a file more than may be is refused with the setting) {
  make("old");
  CAF_CHECK(!let_in("new-1"));
  CAF_CHECK(!let_in("new-2"));
  CAF_CHECK_EQUAL(alerts(), 0u);
  const auto refusal = let_in("new-3");
  CAF_REQUIRE(refusal == ec::overloaded);
  CAF_CHECK(text_of(refusal).find("log.max-files=3") != std::string::npos);
  CAF_CHECK_EQUAL(alerts(), 1u);
  CAF_MESSAGE("what is there goes on");
  CAF_CHECK(!let_in("old"));
}

CAF_TEST(who was let in and made no file is counted no longer after a while) {
  for (auto name : {"a", "b", "c"})
    CAF_CHECK(!let_in(name));
  CAF_CHECK(let_in("d"));
  now += 2s;
  CAF_CHECK(!let_in("d"));
}

CAF_TEST(what cannot be counted is not none) {
  const auto place = dir / "logs";
  std::filesystem::create_directory(place);
  aut.bound(place, 1);
  test::write_file(place + "/a", "x");
  CAF_CHECK(let_in("b"));
  CAF_MESSAGE("WHEN something else is in the directory's place");
  std::filesystem::remove_all(place);
  test::write_file(place, "x");
  now += 2s;
  CAF_CHECK(let_in("b"));
}

CAF_TEST(room that others make is found after a while) {
  for (auto name : {"a", "b", "c"})
    make(name);
  CAF_CHECK(let_in("d"));
  std::filesystem::remove(dir / "a");
  CAF_CHECK(let_in("d"));
  CAF_CHECK_EQUAL(alerts(), 1u);
  now += 2s;
  CAF_CHECK_EQUAL(alerts(), 0u);
  CAF_CHECK(!let_in("d"));
}

CAF_TEST(a directory that is not there is empty and no directory has no bound) {
  aut.bound(dir / "none", 1);
  CAF_CHECK(!let_in("a"));
  CAF_CHECK(let_in("b"));
  aut.bound("", 0);
  CAF_CHECK(!let_in("c"));
}

CAF_TEST_FIXTURE_SCOPE_END()

// The promises of the alert keeper, on a real directory.
#define CAF_SUITE alert_keeper
#include "actors/observe/alert_keeper.hpp"
#include "actors/storage/standing_alerts.hpp"

#include "tests/fixture.hpp"
#include "tests/temp_dir.hpp"

#include <filesystem>
#include <string>
#include <vector>

using namespace sluice;
using namespace std::string_literals;

namespace {

struct fixture : test::fixture {
  fixture() { test::write_file(dir / "id", "x"); }

  /// One of the next start.
  void start() {
    aut = tracked(sys.spawn(alert_keeper, alert_keeper_config{dir.path()}));
  }

  std::vector<std::string> alerts() {
    std::vector<std::string> result;
    for (auto& each : get<status_report>(aut, atom::status_v).alerts)
      result.push_back(each.id + " " + std::to_string(each.since_ms) + " " + each.text);
    return result;
  }

  test::temp_dir dir;
  alert_keeper_actor aut;
};

using words = std::vector<std::string>;

} // namespace

CAF_TEST_FIXTURE_SCOPE(alert_keeper_tests, fixture)

CAF_TEST(an alert stands across starts until it is acknowledged) {
  CAF_REQUIRE(!raise_standing_alert(dir.path(), {"one", "a text: with\nall", 1}));
  CAF_REQUIRE(!raise_standing_alert(dir.path(), {"two", "b", 2}));
  start();
  CAF_CHECK(alerts() == (words{"one 1 a text: with all", "two 2 b"}));
  start();
  CAF_CHECK(get<bool>(aut, atom::confirm_v, "one"s));
  CAF_CHECK(alerts() == words{"two 2 b"});
  CAF_CHECK(refusal<bool>(aut, atom::confirm_v, "one"s) == ec::not_found);
  start();
  CAF_CHECK(alerts() == words{"two 2 b"});
  CAF_CHECK(get<bool>(aut, atom::confirm_v, "two"s));
  CAF_CHECK(!std::filesystem::exists(dir / "alerts"));
}

CAF_TEST(an alert that is raised again gets the new words) {
  CAF_REQUIRE(!raise_standing_alert(dir.path(), {"one", "first", 1}));
  CAF_REQUIRE(!raise_standing_alert(dir.path(), {"one", "second", 2}));
  start();
  CAF_CHECK(alerts() == words{"one 1 second"});
}

CAF_TEST(an end that cannot be written is none) {
  CAF_REQUIRE(!raise_standing_alert(dir.path(), {"one", "a", 1}));
  start();
  std::filesystem::remove(dir / "id");
  CAF_CHECK(refusal<bool>(aut, atom::confirm_v, "one"s) == ec::unavailable);
  CAF_CHECK(alerts() == words{"one 1 a"});
}

CAF_TEST(a file that cannot be read is told and read as soon as it can be) {
  std::filesystem::create_directory(dir / "alerts");
  start();
  CAF_REQUIRE_EQUAL(alerts().size(), 1u);
  CAF_CHECK_EQUAL(alerts()[0].find("alerts-unreadable"), 0u);
  CAF_CHECK(refusal<bool>(aut, atom::confirm_v, "one"s) != ec::not_found);
  std::filesystem::remove(dir / "alerts");
  CAF_REQUIRE(!raise_standing_alert(dir.path(), {"one", "a", 1}));
  CAF_CHECK(alerts() == words{"one 1 a"});
}

CAF_TEST_FIXTURE_SCOPE_END()

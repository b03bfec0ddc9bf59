// The promises of the settings keeper.
#define CAF_SUITE settings_keeper

#include "app/config/settings_keeper.hpp"
#include "tests/fixture.hpp"

using namespace sluice;
using namespace sluice::config;
using namespace std::chrono_literals;

namespace {

live_settings_listener_actor::behavior_type
listener(live_settings_listener_actor::pointer, std::vector<live_settings>* heard) {
  return {
    [heard](atom::apply, const live_settings& x) { heard->push_back(x); },
  };
}

struct fixture : test::fixture {
  fixture() {
    aut = sys.spawn(settings_keeper, configuration{});
    self->send(aut, atom::attach_v, sys.spawn(listener, &heard));
    settle();
  }

  ~fixture() override { caf::anon_send_exit(aut, caf::exit_reason::user_shutdown); }

  caf::expected<setting> set(const std::string& key, const std::string& value,
                             const std::string& who = "a test") {
    return ask<setting>(aut, atom::put_v, key, value, who);
  }

  ec refused(const std::string& key, const std::string& value,
             const std::string& who = "a test") {
    return refusal<setting>(aut, atom::put_v, key, value, who);
  }

  std::vector<setting> all() {
    return get<std::vector<setting>>(aut, atom::get_v, std::string{});
  }

  setting one(const std::string& key) {
    return get<std::vector<setting>>(aut, atom::get_v, key).at(0);
  }

  void read_again(const configuration& fresh) {
    self->send(aut, atom::apply_v,
               fresh_configuration{std::make_shared<const configuration>(fresh)});
    settle();
  }

  std::vector<live_settings> heard;
  settings_keeper_actor aut;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(settings_keeper_tests, fixture)

CAF_TEST(a change is kept and told) {
  const auto changed = set("log.flush-interval", "30s");
  CAF_REQUIRE(changed.engaged());
  CAF_CHECK((*changed == setting{"log.flush-interval", R"("30s")", "set", true}));
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK(heard[0].log.flush_interval == caf::timespan{30s});
  const auto now =
    get<std::vector<setting>>(aut, atom::get_v, std::string{"log.flush-interval"});
  CAF_REQUIRE_EQUAL(now.size(), 1u);
  CAF_CHECK(now[0] == *changed);
}

CAF_TEST(a second change does not undo the first) {
  set("log.flush-interval", "30s");
  set("session.max-pending", "7");
  CAF_REQUIRE_EQUAL(heard.size(), 2u);
  CAF_CHECK(heard[1].log.flush_interval == caf::timespan{30s});
  CAF_CHECK_EQUAL(heard[1].sessions.max_pending, 7u);
}

CAF_TEST(what is refused changes nothing and is told to nobody) {
  const auto before = all();
  CAF_CHECK(refused("log.flush-interval", "soon") == ec::invalid_setting);
  CAF_CHECK(refused("log.flush-interval", "0s") == ec::invalid_setting);
  CAF_CHECK(refused("log.max-entries", "-1") == ec::invalid_setting);
  CAF_CHECK(refused("log.max-entries", "") == ec::invalid_setting);
  CAF_CHECK(refused("nonsense", "1") == ec::invalid_setting);
  CAF_CHECK(refused("", "1") == ec::invalid_setting);
  CAF_MESSAGE("nor can what only a start can take be changed");
  CAF_CHECK(refused("http.port", "80") == ec::refused);
  CAF_CHECK(refused("data-dir", "/tmp") == ec::refused);
  CAF_CHECK(all() == before);
  CAF_CHECK(heard.empty());
}

CAF_TEST(whoever sets something cannot write lines of their own into the log) {
  CAF_CHECK(refused("log.max-entries", "5", "") == ec::invalid_argument);
  CAF_CHECK(refused("log.max-entries", "5", "me\nand more") == ec::invalid_argument);
  CAF_CHECK(refused("log.max-entries", "5", "\x1b[2J") == ec::invalid_argument);
  CAF_CHECK(refused("log.max-entries", "5", std::string(257, 'x'))
            == ec::invalid_argument);
  CAF_CHECK(heard.empty());
  CAF_CHECK(set("log.max-entries", "5", std::string(256, 'x')).engaged());
}

CAF_TEST(a debounce of nothing writes every update at once) {
  set("session.debounce", "0s");
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK_EQUAL(heard[0].sessions.debounce.count(), 0);
}

CAF_TEST(a key that is not there is not found) {
  CAF_CHECK(refusal<std::vector<setting>>(aut, atom::get_v, std::string{"log"})
            == ec::not_found);
  CAF_CHECK_GREATER(all().size(), 50u);
}

CAF_TEST(layers that were read again change what is new in them and can be changed) {
  configuration fresh;
  fresh.settings.log.max_entries = 7;
  fresh.settings.log.max_logs = 8;
  fresh.sources = {{"log.max-entries", layer::file}, {"log.max-logs", layer::file}};
  read_again(fresh);
  CAF_CHECK((one("log.max-entries") == setting{"log.max-entries", "7", "file", true}));
  CAF_CHECK((one("log.max-logs") == setting{"log.max-logs", "256", "default", false}));
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK_EQUAL(heard[0].log.max_entries, 7u);
  CAF_MESSAGE("and what left them is as if it had never been there");
  read_again({});
  CAF_CHECK(
    (one("log.max-entries") == setting{"log.max-entries", "100", "default", true}));
}

CAF_TEST(what was set stays until the layers say something new of it) {
  configuration fresh;
  fresh.settings.log.max_entries = 7;
  fresh.sources = {{"log.max-entries", layer::file}};
  read_again(fresh);
  set("log.max-entries", "5");
  set("log.max-bytes", "5000");
  read_again(fresh);
  CAF_CHECK_EQUAL(one("log.max-entries").value, "5");
  fresh.settings.log.max_entries = 8;
  read_again(fresh);
  CAF_CHECK((one("log.max-entries") == setting{"log.max-entries", "8", "file", true}));
  CAF_CHECK((one("log.max-bytes") == setting{"log.max-bytes", "5000", "set", true}));
}

CAF_TEST(a debounce that is read again as nothing writes every update at once) {
  configuration fresh;
  fresh.settings.session.debounce = caf::timespan{0};
  read_again(fresh);
  CAF_REQUIRE_EQUAL(heard.size(), 1u);
  CAF_CHECK_EQUAL(heard[0].sessions.debounce.count(), 0);
}

CAF_TEST_FIXTURE_SCOPE_END()

// The supervisor with a spool: what an earlier run left is on disk before anybody is
// served, what dies is started anew, and a spool that was deleted is made again.
#define CAF_SUITE supervisor_spool
#include "tests/supervisor_fixture.hpp"

#include <chrono>
#include <filesystem>
#include <future>
#include <thread>

using namespace sluice;
using namespace std::string_literals;
using namespace std::chrono_literals;

namespace {

struct fixture : test::supervisor_fixture {
  log_buffer_actor log() {
    auto buffer = ask<log_buffer_actor>(aut, atom::open_v, "app"s);
    return buffer ? *buffer : absent;
  }

  /// The buffer that comes after `old`.
  log_buffer_actor next_log(const log_buffer_actor& old) {
    auto now = old;
    await([&] { return (now = log()) != old; });
    return now;
  }

  /// Waits until it holds, however busy the machine is.
  template <class Holds>
  static bool await(Holds holds) {
    const auto until = std::chrono::steady_clock::now() + 60s;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > until)
        return false;
      std::this_thread::sleep_for(10ms);
    }
    return true;
  }

  bool takes(const log_buffer_actor& who, const std::string& line) {
    auto receipt = ask<log_receipt>(who, atom::append_v, log_chunk{line, 1, {}});
    return receipt && receipt->level == durability::ram;
  }

  const log_buffer_actor absent = {};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(supervisor_spool_tests, fixture)

CAF_TEST(what an earlier run left in the spool is on disk when the start answers) {
  auto lane = config.spool->lane(lane_kind::log, "app");
  CAF_REQUIRE(!config.spool->append(lane, 2, 2, "a\nb\n"));
  open_spool();
  start();
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\nb\n");
  CAF_REQUIRE_EQUAL(actors.replay.size(), 1u);
  CAF_CHECK_EQUAL(actors.replay[0].what, "log app");
  CAF_CHECK_EQUAL(actors.replay[0].items, 2u);
  CAF_CHECK_EQUAL(config.spool->state(lane).released, 2u);
  stop();
}

CAF_TEST(what cannot be brought to disk does not hold the start up for ever) {
  auto lane = config.spool->lane(lane_kind::log, "app");
  CAF_REQUIRE(!config.spool->append(lane, 1, 1, "a\n"));
  test::write_file(dir / "logs", "a file where the directory should be");
  open_spool();
  start();
  CAF_REQUIRE_EQUAL(actors.unplaced.size(), 1u);
  std::filesystem::remove(dir / "logs");
  CAF_CHECK(ask<bool>(aut, atom::persist_v));
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\n");
  stop();
}

CAF_TEST(a buffer that dies is started anew and loses nothing) {
  start();
  auto first = log();
  CAF_CHECK(takes(first, "a\n"));
  caf::anon_send_exit(first, caf::exit_reason::kill);
  auto second = next_log(first);
  CAF_REQUIRE(second && second != first);
  CAF_CHECK(takes(second, "b\n"));
  CAF_REQUIRE(ask<flush_report>(second, atom::flush_v));
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\nb\n");
  stop();
}

CAF_TEST(a buffer that dies again and again stays down) {
  std::promise<std::string> ruin;
  config.on_ruin = [&ruin](const std::string& why) { ruin.set_value(why); };
  start();
  auto buffer = log();
  for (int i = 0; i < 2; ++i) {
    const auto before = buffer;
    caf::anon_send_exit(before, caf::exit_reason::kill);
    buffer = next_log(before);
    CAF_REQUIRE(buffer && buffer != before);
  }
  caf::anon_send_exit(buffer, caf::exit_reason::kill);
  CAF_CHECK(ruin.get_future().get().find("died too often") != std::string::npos);
  CAF_CHECK(log() == buffer);
  stop();
}

CAF_TEST(a spool that was deleted is made again and promises ram again) {
  start();
  auto buffer = log();
  CAF_CHECK(takes(buffer, "a\n"));
  std::filesystem::remove_all(dir / "spool");
  const auto back = await([&] {
    ask<std::vector<status_report>>(aut, atom::survey_v);
    return config.spool->available() && std::filesystem::exists(dir / "spool/header");
  });
  CAF_CHECK(back);
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\n");
  CAF_CHECK(takes(buffer, "b\n"));
  stop();
}

CAF_TEST(a spool that was deleted is not made again before all is on disk) {
  start();
  auto buffer = log();
  CAF_CHECK(takes(buffer, "a\n"));
  test::write_file(dir / "logs", "a file where the directory should be");
  std::filesystem::remove_all(dir / "spool");
  // Told with its reason once a try has failed.
  const auto told = [this] {
    auto reports = ask<std::vector<status_report>>(aut, atom::survey_v);
    for (const auto& report : *reports)
      for (const auto& each : report.alerts)
        if (each.id == "spool-lost" && each.text.find("log app") != std::string::npos)
          return true;
    return false;
  };
  const auto made = [this] { return std::filesystem::exists(dir / "spool/header"); };
  CAF_REQUIRE(await([&] { return told() || made(); }));
  CAF_CHECK(!made());
  CAF_CHECK(!takes(buffer, "b\n"));
  std::filesystem::remove(dir / "logs");
  CAF_REQUIRE(await(made));
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\nb\n");
  stop();
}

CAF_TEST_FIXTURE_SCOPE_END()

// The supervisor with a spool: what an earlier run left is on disk before anybody is
// served, what dies is started anew, and a spool that was deleted is made again.
#define CAF_SUITE supervisor_spool
#include "tests/supervisor_fixture.hpp"

#include <filesystem>
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

  /// The buffer that comes after `old`, or none if there is none soon.
  log_buffer_actor next_log(const log_buffer_actor& old) {
    for (int i = 0; i < 100; ++i) {
      if (auto now = log(); now != old)
        return now;
      std::this_thread::sleep_for(10ms);
    }
    return absent;
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
  CAF_REQUIRE(second);
  CAF_CHECK(takes(second, "b\n"));
  CAF_REQUIRE(ask<flush_report>(second, atom::flush_v));
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\nb\n");
  stop();
}

CAF_TEST(a buffer that dies again and again stays down) {
  start();
  auto buffer = log();
  for (int i = 0; i < 2; ++i) {
    caf::anon_send_exit(buffer, caf::exit_reason::kill);
    buffer = next_log(buffer);
    CAF_REQUIRE(buffer);
  }
  caf::anon_send_exit(buffer, caf::exit_reason::kill);
  CAF_CHECK(!next_log(buffer));
  stop();
}

CAF_TEST(a spool that was deleted is made again and promises ram again) {
  start();
  auto buffer = log();
  CAF_CHECK(takes(buffer, "a\n"));
  std::filesystem::remove_all(dir / "spool");
  auto back = false;
  for (int i = 0; i < 300 && !back; ++i) {
    ask<std::vector<status_report>>(aut, atom::survey_v);
    back = config.spool->available() && std::filesystem::exists(dir / "spool/header");
    std::this_thread::sleep_for(10ms);
  }
  CAF_CHECK(back);
  CAF_CHECK_EQUAL(test::read_file(dir / "logs/app.log"), "a\n");
  CAF_CHECK(takes(buffer, "b\n"));
  stop();
}

CAF_TEST_FIXTURE_SCOPE_END()

// A debouncer with a spool on tmpfs, which can be started again as after a kill.
// Include it after defining CAF_SUITE.
#pragma once

#include "actors/storage/set_aside.hpp"
#include "tests/mock_keeper.hpp"
#include "tests/session_fixture.hpp"
#include "tests/spool_fixture.hpp"

#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

namespace sluice::test {

struct session_spool_fixture : session_fixture {
  session_spool_fixture() {
    config.set_aside_directory = directory;
    config.keeper = tracked(sys.spawn(mock_keeper, keeper_told));
    open_spool();
  }

  ~session_spool_fixture() override {
    end_debouncer();
    config.spool.reset();
  }

  void open_spool() {
    config.spool.reset();
    auto opened = spool::open(settings);
    if (!opened)
      CAF_FAIL(text_of(opened.error()));
    config.spool = *opened;
  }

  void end_debouncer() {
    if (debouncer)
      caf::anon_send_exit(debouncer, caf::exit_reason::kill);
    settle();
    debouncer = nullptr;
  }

  /// As after a SIGKILL: what was in memory is gone, what was in the spool is there.
  void kill() {
    end_debouncer();
    config.totals = std::make_shared<session_stats>();
    script->held.clear();
    open_spool();
  }

  void restart() {
    kill();
    start();
  }

  /// The spool's files are gone, and that was seen.
  void lose_spool() {
    std::filesystem::remove_all(settings.dir);
    CAF_REQUIRE(!config.spool->check_place());
  }

  lane_id lane(const std::string& of = "s") {
    return config.spool->lane(lane_kind::session, of);
  }

  lane_state numbers(const std::string& of = "s") {
    return config.spool->state(lane(of));
  }

  size_t records(const std::string& of = "s") {
    return config.spool->read(lane(of), 0).size();
  }

  /// The whole receipt, with a level below which it is refused.
  caf::expected<session_receipt> put_at_least(const std::string& key,
                                              const std::string& document,
                                              durability at_least = durability::memory) {
    return ask<session_receipt>(debouncer, atom::put_v,
                                session_update{"s", key, document, {}, at_least});
  }

  caf::expected<durability> persist(uint64_t seq, durability level,
                                    const std::string& of = "s") {
    return ask<durability>(debouncer, atom::persist_v, of, seq, level);
  }

  /// Puts documents of a KiB each under new keys until one is refused; returns how many
  /// were taken.
  size_t fill_spool() {
    size_t taken = 0;
    auto document = R"({"x":")" + std::string(1024, 'x') + R"("})";
    while (put("fill-" + std::to_string(taken), document) != 0 && taken < 10'000)
      ++taken;
    return taken;
  }

  std::vector<std::string> set_aside_lines() {
    std::ifstream in{directory + "/" + set_aside_name};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);)
      lines.push_back(line);
    return lines;
  }

  ram_dir ram;
  std::string directory = ram.path();
  spool_config settings{directory + "/spool", spool_bytes_min, "an id", directory};
  /// How often the keeper was told to look.
  std::shared_ptr<int> keeper_told = std::make_shared<int>(0);
};

inline constexpr auto all_so_far = std::numeric_limits<uint64_t>::max();

/// Keys and numbers of a flush, in its order.
inline std::string order_of(const session_changes& x) {
  std::string result;
  for (auto& change : x.changes)
    result += change.key + (change.erased ? "-" : "=") + std::to_string(change.seq) + " ";
  return result;
}

} // namespace sluice::test

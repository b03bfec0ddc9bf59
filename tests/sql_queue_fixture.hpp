// What the tests of the queue share: a writer on a real file, the database before it,
// and a spool in RAM that outlives them. Include it after defining CAF_SUITE.
#pragma once

#include "actors/database/checkpoint_scheduler.hpp"
#include "actors/database/database.hpp"
#include "actors/database/sql_queue.hpp"
#include "actors/storage/dead_letters.hpp"
#include "tests/spool_fixture.hpp"
#include "tests/sqlite_fixture.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace sluice::test {

constexpr auto instant = caf::timespan{1};

/// A number that was never given: everything so far.
constexpr auto all_writes = uint64_t{1} << 63;

inline sql_write insert(int64_t key, std::string text = "x") {
  return one("INSERT INTO t VALUES (?, ?)", {key, std::move(text)});
}

struct queue_fixture : sqlite_fixture {
  queue_fixture() {
    config.interval = 5s;
    config.dead_letter_file = directory + "/dead-letter.ndjson";
  }

  ~queue_fixture() override { die(); }

  sqlite_writer_config database_config_of_writer() const {
    auto result = writer_config();
    result.refused.directory = directory;
    result.query_timeout = 200ms;
    return result;
  }

  /// Starts everything, as a process does; with the spool if there is one.
  void start() { start(database_config_of_writer()); }

  void start(const sqlite_writer_config& config_of_writer) {
    start_writer(config_of_writer);
    scheduler =
      tracked(sys.spawn(checkpoint_scheduler, checkpoint_scheduler_config{}, writer));
    database_handles handles{writer, {}, scheduler};
    auto front = database_config{};
    front.recover_pause_min = 1s;
    database = tracked(sys.spawn(sluice::database, front, handles));
    start_queue();
  }

  void start_queue() {
    config.spool = ram.aut;
    uut = tracked(sys.spawn(sql_queue, config, database));
    self->send(writer, atom::attach_v, queue_listener_actor{uut});
    settle();
  }

  void start_with_spool() {
    ram.reopen();
    start();
  }

  /// Ends everything at once, as SIGKILL does: nothing is drained.
  void die() {
    for (const auto& who :
         {caf::actor_cast<caf::actor>(uut), caf::actor_cast<caf::actor>(database),
          caf::actor_cast<caf::actor>(scheduler), caf::actor_cast<caf::actor>(writer)})
      if (who)
        caf::anon_send_exit(who, caf::exit_reason::kill);
    settle();
    uut = nullptr;
    database = nullptr;
    scheduler = nullptr;
    writer = nullptr;
    config.spool = nullptr;
    ram.aut.reset();
  }

  void make_table() { must("CREATE TABLE IF NOT EXISTS t(a INTEGER PRIMARY KEY, b)"); }

  caf::expected<queue_receipt> try_append(sql_write what,
                                          durability at_least = durability::memory) {
    return ask<queue_receipt>(uut, atom::append_v,
                              queue_request{std::move(what), {}, at_least});
  }

  queue_receipt append(sql_write what) {
    auto receipt = try_append(std::move(what));
    if (!receipt)
      CAF_FAIL(text_of(receipt.error()));
    return *receipt;
  }

  uint64_t flush() { return get<flush_report>(uut, atom::flush_v).flushed; }

  ec flush_code() { return refusal<flush_report>(uut, atom::flush_v); }

  durability persist(uint64_t seq) { return get<durability>(uut, atom::persist_v, seq); }

  sql_queue_stats numbers() { return get<sql_queue_stats>(uut, atom::stats_v); }

  status_report status() { return get<status_report>(uut, atom::status_v); }

  /// Identifiers of the alerts, each ended by a blank.
  std::string alerts() {
    std::string result;
    for (const auto& x : status().alerts)
      result += x.id + " ";
    return result;
  }

  std::string ask_file(const std::string& sql) { return onlooker{path}.ask(sql).front(); }

  /// Keys in the order in which they came in.
  std::string keys() { return ask_file("SELECT group_concat(a) FROM t"); }

  std::string count() { return ask_file("SELECT count(*) FROM t"); }

  std::string dead() const { return read_file(directory + "/dead-letter.ndjson"); }

  size_t dead_lines() const {
    auto text = dead();
    return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  }

  lane_state lane() const {
    return ram.aut->state(ram.aut->lane(lane_kind::queue, "sql"));
  }

  sqlite::vfs& files() { return inside().files(); }

  spool_fixture ram;
  sql_queue_config config;
  checkpoint_scheduler_actor scheduler;
  database_actor database;
  sql_queue_actor uut;
};

} // namespace sluice::test

// What the tests of the database share: a directory of their own, a writer on a real
// file in it, and many writes at once. Include it after defining CAF_SUITE.
#pragma once

#include "actors/database/sqlite_reader.hpp"
#include "actors/database/sqlite_writer.hpp"
#include "tests/fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

using namespace std::string_literals;

// SQLite's codes, which no header outside of storage may know.
constexpr int sqlite_full = 13;
constexpr int sqlite_ioerr_write = 778;
constexpr int sqlite_ioerr_fsync = 1034;

inline sql_write one(std::string sql, sql_row params = {}) {
  return {{{std::move(sql), std::move(params)}}, {}, sql_origin::user};
}

/// A value of its own: the checks of CAF's framework keep references, and most of what
/// is checked here is part of a temporary answer.
template <class T>
T copy(const T& x) {
  return x;
}

/// A connection beside the actors', as another process would have one.
struct onlooker {
  explicit onlooker(const std::string& path,
                    sqlite::access mode = sqlite::access::read_only) {
    CAF_REQUIRE(!db.open(path, mode));
  }

  /// The first column of the rows.
  std::vector<std::string> ask(const std::string& sql) {
    auto found = db.ask(sql);
    if (!found)
      CAF_FAIL(text_of(found.error()));
    return *found;
  }

  sqlite::vfs files;
  sqlite::connection db{files};
};

struct sqlite_fixture : fixture {
  sqlite_fixture() {
    char name[] = "/tmp/sluice-sqlite-XXXXXX";
    CAF_REQUIRE(mkdtemp(name) != nullptr);
    directory = name;
    path = directory + "/sluice.db";
  }

  ~sqlite_fixture() override { std::filesystem::remove_all(directory); }

  sqlite_writer_config writer_config() const {
    sqlite_writer_config config;
    config.database.path = path;
    config.database.busy_timeout = 50ms;
    config.window.commit_delay = commit_delay;
    config.checkpoint_budget = 10ms;
    return config;
  }

  sqlite_reader_config reader_config() const {
    sqlite_reader_config config;
    config.database.path = path;
    return config;
  }

  /// Spawns a writer and opens the database.
  void start_writer(const sqlite_writer_config& config) {
    writer = tracked(sys.spawn(sqlite_writer, config, metrics));
    auto opened = ask<sqlite_opened>(writer, atom::open_v);
    if (!opened)
      CAF_FAIL(text_of(opened.error()));
  }

  void start_writer() { start_writer(writer_config()); }

  /// Puts a write into the writer's mailbox; `receive` tells how it went.
  auto send(const sql_write& x, durability level = durability::ram) {
    return self->request(writer, caf::infinite, atom::execute_v, x, level);
  }

  template <class Handle>
  caf::expected<sql_receipt> receive(Handle& from) {
    caf::expected<sql_receipt> answer{ec::unavailable};
    from.receive([&](sql_receipt& x) { answer = std::move(x); },
                 [&](caf::error& err) { answer = std::move(err); });
    return answer;
  }

  /// Writes, letting a commit's delay pass if somebody else is expected.
  caf::expected<sql_receipt> write(const sql_write& x,
                                   durability level = durability::ram) {
    auto answer = send(x, level);
    pass(commit_delay);
    return receive(answer);
  }

  /// Writes something that must not fail.
  sql_receipt must(const std::string& sql, sql_row params = {},
                   durability level = durability::ram) {
    auto receipt = write(one(sql, std::move(params)), level);
    if (!receipt)
      CAF_FAIL(sql << ": " << text_of(receipt.error()));
    return *receipt;
  }

  /// How a write ends; `said` is what it says.
  ec code(const sql_write& x) {
    auto receipt = write(x);
    said = receipt ? "" : text_of(receipt.error());
    return receipt ? ec::none : code_of(receipt.error());
  }

  ec code(const std::string& sql) { return code(one(sql)); }

  /// Has all these writes in the writer's mailbox at once.
  std::vector<caf::expected<sql_receipt>> together(const std::vector<sql_write>& writes,
                                                   durability level = durability::ram) {
    std::vector<decltype(send(writes[0]))> handles;
    handles.reserve(writes.size());
    for (const auto& x : writes)
      handles.push_back(send(x, level));
    pass(commit_delay);
    std::vector<caf::expected<sql_receipt>> answers;
    answers.reserve(handles.size());
    for (auto& x : handles)
      answers.push_back(receive(x));
    return answers;
  }

  sqlite_writer_stats stats() { return *ask<sqlite_writer_stats>(writer, atom::stats_v); }

  uint64_t commits() { return stats().commits; }

  sqlite_writer_state& inside() {
    return deref<sqlite_writer_actor::stateful_base<sqlite_writer_state>>(writer).state;
  }

  static constexpr auto commit_delay = caf::timespan{1ms};
  std::string directory;
  std::string path;
  std::string said;
  metrics_aggregator_actor metrics;
  sqlite_writer_actor writer;
};

} // namespace sluice::test

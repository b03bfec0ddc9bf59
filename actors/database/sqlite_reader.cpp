#include "actors/database/sqlite_reader.hpp"

#include "actors/storage/sqlite_memory.hpp"
#include "actors/storage/sqlite_query.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace sluice {

void sqlite_reader_state::init(sqlite_reader_config cfg) {
  cfg_ = std::move(cfg);
  bounds_ = sqlite::bounds_of(cfg_.database, cfg_.query_timeout, cfg_.max_result_bytes);
}

caf::expected<sql_result> sqlite_reader_state::query(const sql_statement& x,
                                                     sql_origin origin) {
  if (!db_.is_open())
    if (auto err = sqlite::open_reader(db_, cfg_.database))
      return err;
  auto result = origin == sql_origin::user ? run_bounded(x) : run(x, origin);
  if (!db_.in_autocommit()) { // BEGIN changes nothing, and would pin the WAL
    db_.close();
    result = caf::make_error(ec::refused, "a query may not begin a transaction");
  }
  if (sqlite::bytes_held() > kept_bytes_max_)
    let_go_of_memory();
  if (!result) {
    ++refused_;
    return result;
  }
  ++queries_;
  if (origin == sql_origin::user)
    ++counts_.queries;
  return result;
}

/// What had to load the schema, and found no memory for both, runs once more.
caf::expected<sql_result> sqlite_reader_state::run_bounded(const sql_statement& x) {
  const auto begun = std::chrono::steady_clock::now();
  auto ran_short = false;
  auto result = run_within(bounds_, x, ran_short);
  if (!ran_short)
    return result;
  auto loaded = db_.load_schema();
  if (!loaded || !*loaded)
    return result;
  auto within = bounds_;
  within.time -= std::chrono::steady_clock::now() - begun;
  return run_within(within, x, ran_short);
}

caf::expected<sql_result> sqlite_reader_state::run_within(const sqlite::bounds& within,
                                                          const sql_statement& x,
                                                          bool& ran_short) {
  db_.forget_failures();
  sqlite::bounded_request request{db_, within};
  auto result = run(x, sql_origin::user);
  ran_short = !result && request.ran_short();
  return request.judge(std::move(result));
}

caf::expected<sql_result> sqlite_reader_state::run(const sql_statement& x,
                                                   sql_origin origin) {
  auto statement = db_.prepare(x.sql, origin);
  if (!statement)
    return std::move(statement.error());
  if (!statement->is_read_only())
    return caf::make_error(ec::refused, "a query may not write");
  if (auto err = statement->bind(x.params, x.names))
    return err;
  sql_result result;
  sqlite::result_room room{origin == sql_origin::user ? cfg_.max_result_bytes : SIZE_MAX,
                           x.room};
  if (auto err = sqlite::collect(*statement, room, result))
    return err;
  return result;
}

/// Beside pages, statements and the schema a connection keeps what virtual tables like to
/// keep, of sizes that users choose. No call of SQLite's frees that but the one that
/// closes.
void sqlite_reader_state::let_go_of_memory() {
  kept_bytes_max_ = bounds_.cache_bytes + 2 * sqlite::statement_cache::bytes_max
                    + std::max(db_.schema_bytes(), bounds_.schema_bytes_max);
  if (sqlite::bytes_held() <= kept_bytes_max_)
    return;
  db_.close();
  sqlite::return_free_memory();
}

bool sqlite_reader_state::close() {
  auto was_open = db_.is_open();
  db_.close();
  return was_open;
}

metrics_report sqlite_reader_state::collect() {
  counts_.disk += files_.take();
  return {std::exchange(counts_, {})};
}

status_report sqlite_reader_state::status() const {
  status_report report;
  report.name = name;
  report.state = {{"open", db_.is_open()},
                  {"queries", static_cast<int64_t>(queries_)},
                  {"refused", static_cast<int64_t>(refused_)}};
  return report;
}

stop_report sqlite_reader_state::stop() {
  stop_report report;
  report.name = name;
  db_.close();
  self_->quit();
  return report;
}

sqlite_reader_actor::behavior_type
sqlite_reader(sqlite_reader_actor::stateful_pointer<sqlite_reader_state> self,
              sqlite_reader_config cfg) {
  auto* st = &self->state;
  st->init(std::move(cfg));
  return {
    [st](atom::query, const sql_statement& x, sql_origin origin) {
      return st->query(x, origin);
    },
    [st](atom::close) { return st->close(); },
    [st](atom::collect) { return st->collect(); },
    [st](atom::status) { return st->status(); },
    [st](atom::stop) { return st->stop(); },
  };
}

} // namespace sluice

// The SQLITE READERS of a database, and the queries that wait for one, in the order in
// which they came.
#pragma once

#include "actors/detail/owed.hpp"
#include "messages/database.hpp"
#include "messages/sqlite_reader.hpp"

#include <caf/actor_clock.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace sluice {

class reader_pool {
public:
  /// `bytes_max`: of SQL and parameters that wait. `answered` is called after each
  /// answer.
  reader_pool(database_actor::pointer self, std::vector<sqlite_reader_actor> readers,
              size_t bytes_max, std::function<void()> answered);

  /// Runs the query on the first free reader; `overloaded` when too much waits.
  caf::result<sql_result> query(sql_statement& x, sql_origin origin);

  /// Queries wait from now on, those that run go on.
  void hold() { held_ = true; }
  void release();

  /// Asks the idle readers to close; calls back when each has.
  void close(std::function<void()> done);

  /// Asks the idle readers to stop; calls back with each report, and once all have.
  void stop(std::function<void(const stop_report&)> each, std::function<void()> done);

  size_t running() const;
  size_t waiting() const { return waiting_.size(); }
  size_t waiting_bytes() const { return waiting_bytes_; }
  /// Users' queries that were answered with their rows.
  uint64_t queries() const { return queries_; }
  uint64_t overloaded() const { return overloaded_; }
  size_t lost() const;
  int64_t oldest_query_ms() const;

private:
  struct reader {
    sqlite_reader_actor handle;
    /// Since when it runs a query; unset while it is free.
    std::optional<caf::actor_clock::time_point> busy_since;
    /// It has ended, and is asked nothing more.
    bool lost = false;
  };

  struct waiting_query {
    sql_statement statement;
    sql_origin origin;
    detail::owed<sql_result> promise;
  };

  reader* find_free();
  void dispatch();
  void run(reader& on, waiting_query x);
  void on_error(reader& from, const caf::error& err);
  void on_end(reader& from);
  template <class Answer, class Atom>
  void ask_all(Atom what, std::function<void(const Answer&)> each,
               std::function<void()> done);

  database_actor::pointer self_;
  /// Never grows or shrinks: what runs refers to its members.
  std::vector<reader> readers_;
  size_t bytes_max_;
  std::function<void()> answered_;
  bool held_ = false;
  std::deque<waiting_query> waiting_;
  size_t waiting_bytes_ = 0;
  uint64_t queries_ = 0;
  uint64_t overloaded_ = 0;
};

} // namespace sluice

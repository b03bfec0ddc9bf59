// The SQLITE READERS of a database, and the queries that wait for one, in the order in
// which they came. A reader that goes on with a user's query long after that should have
// been ended is given up: whoever asked is told, and another takes its place. It is one
// of them again once it answers.
#pragma once

#include "actors/detail/owed.hpp"
#include "messages/database.hpp"
#include "messages/sqlite_reader.hpp"

#include <caf/actor_clock.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace sluice {

struct reader_pool_config {
  /// Bytes of SQL and parameters that may wait.
  size_t waiting_bytes_max = 16'777'216;
  /// A reader that runs a user's query for so long is given up.
  caf::timespan silence_max = std::chrono::seconds{11};
  /// Makes one that takes the place of another; may be null. So many are made at most.
  std::function<sqlite_reader_actor()> make_reader = {};
  size_t made_max = 8;
};

/// Why queries wait although a reader is free.
enum class hold_reason : uint8_t { files = 0, recovery = 1, checkpoint = 2 };

class reader_pool {
public:
  /// `answered` is called after each answer.
  reader_pool(database_actor::pointer self, reader_pool_config cfg,
              const std::vector<sqlite_reader_actor>& readers,
              std::function<void()> answered);

  /// Runs the query on the first free reader; `overloaded` when too much waits.
  caf::result<sql_result> query(sql_statement& x, sql_origin origin);

  /// Queries wait from now on, until no reason is left; those that run go on.
  void hold(hold_reason why) { held_.set(static_cast<size_t>(why)); }
  void release(hold_reason why);

  /// Gives up whoever has been silent for too long. To be called for each `atom::check`
  /// of generation `look_generation`, which a running query brings about.
  void look();
  static constexpr uint64_t look_generation = 0;

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
  /// Readers that are given up now, and those that were since the start.
  size_t given_up() const;
  uint64_t given_up_ever() const { return given_up_ever_; }
  /// Whether there is a reader that queries may be given to, now or soon.
  bool has_readers() const;
  int64_t oldest_query_ms() const;

private:
  struct reader {
    sqlite_reader_actor handle;
    /// Since when it runs a query; unset while it is free.
    std::optional<caf::actor_clock::time_point> busy_since = {};
    /// It has ended, and is asked nothing more.
    bool lost = false;
    /// It is silent, and whoever asked it was told so.
    bool given_up = false;
    bool by_user = false;
    detail::owed<sql_result> promise = {};
  };

  struct waiting_query {
    sql_statement statement;
    sql_origin origin;
    detail::owed<sql_result> promise;
  };

  reader* find_free();
  void dispatch();
  void run(reader& on, waiting_query x);
  void give_up(reader& x);
  void look_later();
  void on_error(reader& from, const caf::error& err);
  void on_end(reader& from);
  template <class Answer, class Atom>
  void ask_all(Atom what, std::function<void(const Answer&)> each,
               std::function<void()> done);

  database_actor::pointer self_;
  reader_pool_config cfg_;
  /// What runs refers to its members, which stay where they are.
  std::deque<reader> readers_;
  std::function<void()> answered_;
  bool looking_ = false;
  size_t made_ = 0;
  uint64_t given_up_ever_ = 0;
  std::bitset<3> held_;
  std::deque<waiting_query> waiting_;
  size_t waiting_bytes_ = 0;
  uint64_t queries_ = 0;
  uint64_t overloaded_ = 0;
};

} // namespace sluice

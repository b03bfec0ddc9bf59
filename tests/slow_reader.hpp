// A reader of the database that answers when a test says so.
#pragma once

#include "messages/sqlite_reader.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <string>
#include <utility>
#include <vector>

namespace sluice::test {

struct slow_reader_state {
  slow_reader_state() = default;
  std::vector<std::pair<std::string, caf::typed_response_promise<sql_result>>> running;
};

inline sqlite_reader_actor::behavior_type
slow_reader(sqlite_reader_actor::stateful_pointer<slow_reader_state> self) {
  return {
    [self](atom::query, const sql_statement& x, sql_origin) -> caf::result<sql_result> {
      auto promise = self->make_response_promise<sql_result>();
      self->state.running.emplace_back(x.sql, promise);
      return promise;
    },
    [](atom::close) { return true; },
    [](atom::collect) { return metrics_report{}; },
    [self](atom::status) { // the test's way to say so
      auto& running = self->state.running;
      running.front().second.deliver(sql_result{});
      running.erase(running.begin());
      return status_report{};
    },
    [self](atom::stop) {
      self->quit();
      return stop_report{};
    },
  };
}

} // namespace sluice::test

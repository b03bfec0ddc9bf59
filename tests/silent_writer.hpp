// A writer of the database that lets people wait.
#pragma once

#include "messages/sqlite_writer.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <vector>

namespace sluice::test {

struct silent_writer_state {
  silent_writer_state() = default;
  caf::typed_response_promise<sql_receipt> asked;
  std::vector<caf::typed_response_promise<bool>> looks;
};

/// A writer that answers nobody who writes, or asks about the files, by itself.
inline sqlite_writer_actor::behavior_type
silent_writer(sqlite_writer_actor::stateful_pointer<silent_writer_state> self) {
  return {
    [](atom::open) { return sqlite_opened{}; },
    [self](atom::execute, const sql_write&, durability) -> caf::result<sql_receipt> {
      return self->state.asked = self->make_response_promise<sql_receipt>();
    },
    [](atom::apply, const sql_batch&) { return sql_batch_outcome{}; },
    [](atom::checkpoint, checkpoint_mode, caf::timespan) { return checkpoint_report{}; },
    [](atom::maintain, maintenance_kind) { return maintenance_report{}; },
    [self](atom::check) -> caf::result<bool> {
      return self->state.looks.emplace_back(self->make_response_promise<bool>());
    },
    [](atom::recover) { return maintenance_report{}; },
    [](atom::attach, const wal_listener_actor&) {},
    [](atom::attach, const sync_listener_actor&) {},
    [](atom::attach, const files_listener_actor&) {},
    [](atom::attach, const queue_listener_actor&) {},
    [](atom::attach, const session_listener_actor&) {},
    [](atom::stats) { return sqlite_writer_stats{}; },
    [](atom::commit, uint64_t) {},
    [](atom::collect) { return metrics_report{}; },
    [self](atom::status) { // the test's way to say that the files are ours
      auto& looks = self->state.looks;
      looks.front().deliver(true);
      looks.erase(looks.begin());
      return status_report{};
    },
    [](atom::stop) { return stop_report{}; },
  };
}

} // namespace sluice::test

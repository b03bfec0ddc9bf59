// A file syncer whose disk fails as often as a test says.
#pragma once

#include "actors/storage/sync_token.hpp"
#include "messages/file_syncer.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <string>

namespace sluice::test {

/// A syncer that fails as often as it is told to.
inline file_syncer_actor::behavior_type
failing_syncer(file_syncer_actor::pointer, const std::shared_ptr<int>& failures) {
  return {
    [failures](atom::sync, const file_handle& x) -> caf::result<io_counts> {
      if (*failures > 0) {
        --*failures;
        return caf::make_error(ec::disk_failed, std::string{"input/output error"});
      }
      if (auto err = x.sync->run())
        return err;
      return io_counts{0, 0, 0, 0, 1};
    },
    [](atom::status) { return status_report{}; },
    [](atom::stop) { return stop_report{}; },
  };
}

} // namespace sluice::test

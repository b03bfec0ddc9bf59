// A FILE SYNCER waits for one file's fdatasync, so that nobody else has to: a
// device that takes 30 s over one log delays no other.
#pragma once

#include "messages/error.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/status.hpp"

#include <memory>

namespace sluice {

class sync_token;

/// The sync of an open file; the syncer calls nothing on it but `run`.
struct file_handle {
  std::shared_ptr<sync_token> sync;

  bool operator==(const file_handle&) const = default;
};

using file_syncer_actor = caf::typed_actor<
  /// Brings the file, and its directory if the file is new, to the disk.
  caf::replies_to<atom::sync, file_handle>::with<io_counts>>::extend_with<managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, file_handle&) {
  return f(caf::meta::type_name("file_handle"));
}

} // namespace sluice

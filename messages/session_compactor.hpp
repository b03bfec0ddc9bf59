// A SESSION COMPACTOR writes one store's files anew, so that nobody else has to wait
// for it.
#pragma once

#include "messages/error.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/status.hpp"

#include <memory>

namespace sluice {

class store_compaction;

/// What there is to do; the sender lets it alone until it has the answer.
struct compaction_handle {
  std::shared_ptr<store_compaction> work;

  bool operator==(const compaction_handle&) const = default;
};

using session_compactor_actor = caf::typed_actor<
  /// Runs the compaction to its end; an error says that it did not get there.
  caf::replies_to<atom::compact,
                  compaction_handle>::with<io_counts>>::extend_with<managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, compaction_handle&) {
  return f(caf::meta::type_name("compaction_handle"));
}

} // namespace sluice

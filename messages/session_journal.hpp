// The SESSION JOURNAL keeps sessions in files: a session store that counts what it
// reads and writes, and that another store can take over.
#pragma once

#include "messages/metrics_aggregator.hpp"
#include "messages/session_store.hpp"

#include <string>

namespace sluice {

using session_journal_actor = session_archive_actor::extend<
  // internal: looks whether a sync takes too long.
  caf::reacts_to<atom::check, uint64_t>,
  // internal: tries again to write a store's files anew.
  caf::reacts_to<atom::retry, std::string, uint64_t>>::extend_with<metered_actor>;

} // namespace sluice

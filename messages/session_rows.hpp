// The SESSION ROWS keep sessions as rows of the database, and count what it holds again
// when it was reopened after an I/O error.
#pragma once

#include "messages/session_store.hpp"

namespace sluice {

using session_rows_actor = session_archive_actor::extend_with<session_listener_actor>;

} // namespace sluice

// The SESSION BACKEND knows where the sessions are, in files or in the database, and
// brings them to where they are wanted.
#pragma once

#include "messages/error.hpp"
#include "messages/session_store.hpp"
#include "messages/status.hpp"

#include <cstdint>
#include <string>

namespace sluice {

enum class session_keeper : uint8_t { journal = 0, database = 1 };

inline std::string to_string(session_keeper x) {
  return x == session_keeper::journal ? "journal" : "database";
}

struct session_conversion {
  session_keeper keeper = session_keeper::journal;
  /// Whether the sessions were elsewhere before.
  bool converted = false;
  /// What was brought over.
  uint64_t stores = 0;
  uint64_t documents = 0;

  bool operator==(const session_conversion&) const = default;
};

using session_backend_actor = caf::typed_actor<
  /// Brings all sessions, with their marks, to the wanted keeper: given are the one that
  /// keeps files and the one that keeps rows, and nobody else may talk to them meanwhile.
  caf::replies_to<atom::convert, session_archive_actor, session_archive_actor>::with<
    session_conversion>>::extend_with<managed_actor>;

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, session_conversion& x) {
  return f(caf::meta::type_name("session_conversion"), x.keeper, x.converted, x.stores,
           x.documents);
}

} // namespace sluice

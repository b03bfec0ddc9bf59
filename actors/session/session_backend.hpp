// The SESSION BACKEND owns `sessions/backend`, which names the keeper of the sessions.
// At a start that wants the other one it copies every store with its mark, synced, and
// only then names the new keeper: until that, a start begins over with the old one.
//
// A conversion is complete only if every store that was found was read, as it was found,
// and it deletes nothing but what an earlier one left.
//
// Where the file is absent, the rows of an earlier version are the sessions if there
// are any; files that somebody put there are kept beside them. Runs detached.
#pragma once

#include "actors/detail/owed.hpp"
#include "actors/session/left_sessions.hpp"
#include "actors/storage/file_rights.hpp"
#include "messages/session_backend.hpp"

#include <caf/expected.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice {

struct session_backend_config {
  /// Holds `backend`; made if absent.
  std::string directory;
  /// A file that must exist whenever one is made.
  std::string identity_file;
  session_keeper wanted = session_keeper::journal;
  file_rights rights = {};
};

class session_backend_state {
public:
  static inline const char* name = "session-backend";

  explicit session_backend_state(session_backend_actor::pointer self) : self_(self) {}

  void init(session_backend_config config);

  caf::result<session_conversion> convert(session_archive_actor journal,
                                          session_archive_actor rows);
  status_report status() const;
  stop_report stop();

private:
  using infos = std::vector<session_store_info>;

  caf::expected<std::optional<session_keeper>> read_name() const;
  caf::error write_names() const;
  const session_archive_actor& wanted_one() const;
  const session_archive_actor& other_one() const;
  void ask_other(const infos& wanted);
  void know_both(const infos& wanted, const infos& other);
  void next_store();
  /// Whether it is what was found.
  caf::error check(const session_changes& from) const;
  void take_over(session_changes from);
  void bring(session_changes all, const session_changes& there);
  void next_piece();
  void finish();
  void fail(caf::error reason);

  /// Asks; `then` gets the answer, an error ends it all.
  template <class Answer, class... Args, class Then>
  void ask(const session_archive_actor& who, Then then, Args... args);

  session_backend_actor::pointer self_;
  session_backend_config config_;
  session_archive_actor journal_;
  session_archive_actor rows_;
  std::optional<session_keeper> named_;
  left_sessions left_{folder{""}};
  /// What was found where the sessions come from.
  std::map<std::string, session_store_info> found_;
  detail::owed<session_conversion> answer_;
  session_conversion done_;
  /// Stores that are still to be brought over, the next one last.
  std::vector<std::string> stores_;
  /// What of the store is still to be written.
  session_changes rest_;
  size_t brought_ = 0;
};

session_backend_actor::behavior_type
session_backend(session_backend_actor::stateful_pointer<session_backend_state> self,
                session_backend_config config);

} // namespace sluice

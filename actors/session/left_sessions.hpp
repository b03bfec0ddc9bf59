// What a conversion left behind: the sessions that were brought from one keeper to the
// other are still with the first, and out of date from then on. They are known by a
// digest, so that nothing else which is found there later (a file that was away at the
// time, or that somebody put there since) is taken for them and deleted.
//
// The note is `sessions/backend-left`, a line a store. No actor.
#pragma once

#include "actors/storage/folder.hpp"
#include "messages/session_store.hpp"

#include <caf/error.hpp>

#include <map>
#include <string>
#include <utility>

namespace sluice {

class left_sessions {
public:
  explicit left_sessions(folder in) : in_(std::move(in)) {}

  /// Reads what the last conversion left with the keeper that is wanted again.
  caf::error read();

  /// Whether the store is one that was left, and as it was left.
  bool is_out_of_date(const session_changes& there) const;

  /// From here on all that is there of the store is out of date: this conversion puts it
  /// there, and may have to begin again.
  caf::error begin(const std::string& store);

  /// The store stays where it comes from.
  void leave(const session_changes& from);

  /// Notes what stays there, in the place of what was noted before.
  caf::error write() const;

private:
  folder in_;
  /// No note is there: an earlier version left whatever is there.
  bool unknown_ = false;
  /// By name, as digests; no digest: whatever it holds.
  std::map<std::string, std::string> known_;
  std::map<std::string, std::string> leaving_;
};

} // namespace sluice

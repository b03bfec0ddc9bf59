// What the session journal keeps for one store: its files, who waits for a sync or a
// compaction of them, and what is wrong.
#pragma once

#include "actors/detail/growing_pause.hpp"
#include "actors/detail/trouble.hpp"
#include "actors/detail/window_timer.hpp"
#include "actors/session/journal_store.hpp"
#include "messages/durability.hpp"
#include "messages/session_store.hpp"

#include <caf/actor_clock.hpp>
#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace sluice {

/// A flush, or what maintenance removes.
struct store_write {
  session_changes changes;
  durability level = durability::ram;
  /// Chooses the changes when their turn comes.
  std::function<std::vector<session_change>(const session_index&)> choose;
  std::function<void(const caf::expected<session_applied>&)> done;
  /// The files were written anew for it, or could not be.
  bool rebuilt = false;
  /// Documents that were written before that.
  uint64_t written = 0;
  /// As in a prune.
  int64_t right_now_ms = 0;
};

struct kept_store {
  /// Known once the files are.
  std::string name;
  /// Null as long as the files cannot be read.
  std::unique_ptr<journal_store> files;
  /// There is a file of it under its name.
  bool listed = false;
  caf::error unreadable;
  /// What the names meant when the files could not be read: they are read again once that
  /// is something else, or after a pause.
  std::vector<file_state> seen;
  caf::actor_clock::time_point read_again_at;
  /// What was found to be wrong with files that are not open any more.
  std::vector<alert> alerts;
  uint64_t set_aside = 0;

  /// Something was appended since the files were opened.
  bool appended = false;
  /// Syncs that have not answered.
  uint64_t syncs = 0;
  /// Who waits for the one after the one that is under way.
  std::vector<std::function<void(const caf::error&)>> next_syncs;
  /// A sync failed: no later one of the same file counts.
  bool suspect = false;

  /// A compaction has the files; what is to be written waits here.
  bool compacting = false;
  std::vector<store_write> held;
  detail::growing_pause pause;
  caf::actor_clock::time_point compact_again_at;
  /// Wakes the journal then: perhaps nobody writes to the store again.
  detail::window_timer compact_again;
  caf::error compaction_error;
  /// Somebody else removed or changed a file.
  bool disturbed = false;

  detail::trouble reading{"session-store-unreadable"};
  detail::trouble writing{"session-write-failed"};
  detail::trouble syncing{"session-sync-failed"};
  detail::trouble compaction{"session-compaction-failed"};
  detail::trouble foreign{"session-file-foreign"};

  /// Whether the files may be closed once all of them is on disk.
  bool may_rest() const {
    return files && !compacting && syncs == 0 && next_syncs.empty() && held.empty()
           && !suspect && !files->needs_rebuild();
  }

  /// Whether nothing of the files counts before they are written anew.
  bool must_be_anew() const { return files && (suspect || files->needs_rebuild()); }

  /// Whether something of ours is perhaps not on disk. What an earlier run left is the
  /// spool's matter.
  bool has_unsynced() const {
    return appended && files && files->journal() && files->journal()->has_unsynced();
  }

  /// Whether a person is to be told of it for good.
  bool had_trouble() const {
    return reading.ever() || writing.ever() || syncing.ever() || compaction.ever()
           || foreign.ever() || set_aside > 0 || !alerts.empty();
  }
};

} // namespace sluice

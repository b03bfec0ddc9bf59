// The SESSION JOURNAL keeps sessions in files: for each store a snapshot, and an
// append-only journal of what changed since. The SESSION DEBOUNCER sends it what changed,
// once a window; each flush is one write, and costs nothing where nothing changed.
//
// Runs detached, since files block; but it never waits for a sync, nor for a compaction:
// helpers do, one for each store that needs one at the time. While a store is compacted
// its writes wait, and its reads do not.
//
// A store is opened when somebody asks for it. Of more than may be open, those that were
// used longest ago are closed. Of so many no more than a look at the files is remembered,
// and of others nothing.
#pragma once

#include "actors/detail/helper_pool.hpp"
#include "actors/detail/ledger_page.hpp"
#include "actors/detail/owed.hpp"
#include "actors/detail/sync_watch.hpp"
#include "actors/detail/use_order.hpp"
#include "actors/session/kept_store.hpp"
#include "actors/storage/file_rights.hpp"
#include "actors/storage/lane_claim.hpp"
#include "actors/storage/spool.hpp"
#include "actors/storage/sync_token.hpp"
#include "messages/file_syncer.hpp"
#include "messages/session_compactor.hpp"
#include "messages/session_journal.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sluice {

struct session_journal_config {
  /// Holds `{store}.journal` and `{store}.json`; made if absent.
  std::string directory;
  /// A file that must exist whenever one is made: without it the data directory is not
  /// mounted.
  std::string identity_file;
  /// A journal is compacted when it has grown by this, or by so many times the snapshot's
  /// size if that is more: each byte of a change then costs a quarter of one more.
  uint64_t compact_bytes_min = 4'194'304;
  uint64_t compact_snapshots = 4;
  /// A journal that has grown by this and cannot be compacted takes nothing more.
  uint64_t max_journal_bytes = 67'108'864;
  /// A file that is larger is not read.
  uint64_t file_bytes_max = store_file_bytes_max;
  /// Stores whose files may be open at once.
  uint64_t open_stores_max = 1000;
  /// Bytes of files that are read to list stores.
  uint64_t list_bytes_max = 67'108'864;
  std::function<file_syncer_actor()> make_syncer;
  std::function<session_compactor_actor()> make_compactor;
  /// Tells which stores' syncs failed, or were cut short, in an earlier run; may be null.
  std::shared_ptr<sluice::spool> spool = nullptr;
  file_rights rights = {};
};

class session_journal_state {
public:
  static inline const char* name = "session-journal";

  explicit session_journal_state(session_journal_actor::pointer self) : self_(self) {}

  void init(session_journal_config config, metrics_aggregator_actor metrics);

  caf::result<session_lookup> load(const std::string& store, const std::string& key);
  caf::result<std::vector<session_document>> load_all(const std::string& store);
  caf::result<session_changes> dump(const std::string& store);
  caf::result<std::vector<session_store_info>> stores();
  caf::result<session_store_list> stores(uint64_t max);
  caf::result<session_store_info> info(const std::string& store);
  caf::result<session_applied> apply(session_changes& x, durability level);
  caf::result<session_pruned> prune(const session_prune& x);
  void on_retry(const std::string& store, uint64_t generation);
  void on_check(uint64_t generation) { sync_watch_.look(self_, generation); }
  metrics_report collect();
  status_report status() const;
  caf::result<stop_report> stop();

private:
  // -- stores ----------------------------------------------------------------------
  caf::error list();
  caf::expected<std::set<std::string>> names();
  void list_one(const std::string& store, std::vector<session_store_info>& to);
  session_store_info gone(const std::string& store) const;
  /// The store with its files open; null if there is no such store.
  caf::expected<kept_store*> find(const std::string& store);
  caf::error open(const std::string& store, kept_store& x);
  std::vector<file_state> look_at_files(const std::string& store) const;
  /// Whether there are files of this store.
  caf::expected<bool> exists(const std::string& store) const;
  /// Notes how a reading of files that are open ended, and returns its error.
  static caf::error judge(kept_store& x, const caf::error& problem);
  void learn_doubts();
  /// Lets go of the files, if they are open.
  void shut(kept_store& x);

  // -- places (session_journal_places.cpp) -----------------------------------------
  caf::error make_place();
  bool rest(kept_store& x);
  void sync_ahead();
  void forget(kept_store& x);
  void remember_looks(const std::string& store);
  void forget_looks(const std::string& store);
  void compare_with_rested(const std::string& store, kept_store& x,
                           const std::vector<file_state>& now);
  void note_gone(const std::string& store);
  void sync_unasked(kept_store& x);
  sync_claim claim_on(const kept_store& x) const;

  // -- writing ---------------------------------------------------------------------
  void write(store_write x);
  caf::error make_ready(const std::string& store, kept_store& x);
  bool is_full(const kept_store& x) const;
  void mend(kept_store& store, store_write& x);
  void append(kept_store& store, store_write x);
  /// Calls `done` without an error once all that was appended is on disk.
  void sync(kept_store& store, const std::function<void(const caf::error&)>& done);
  void sync_next(kept_store& store);
  void sync_here(kept_store& store, const std::function<void(const caf::error&)>& done);
  caf::error synced(kept_store& store, sync_token& token);
  void sync_failed(kept_store& store, sync_token& token, const caf::error& reason);

  // -- compaction (session_journal_upkeep.cpp) -------------------------------------
  void write_anew(kept_store& x);
  void put_back_lost(kept_store& x);
  void try_again_later(kept_store& x);
  void compact_if_due(kept_store& store);
  bool has_grown(const kept_store& x) const;
  void compact(kept_store& store);
  void compacted(kept_store& store, const store_compaction& work, const caf::error& err);

  // -- the end ---------------------------------------------------------------------
  void report_counts();
  void count(const std::string& store, const io_counts& io);
  uint64_t sync_at_end();
  uint64_t unsynced() const;
  void finish_stop();

  session_journal_actor::pointer self_;
  session_journal_config config_;
  folder in_{""};
  metrics_aggregator_actor metrics_;
  detail::helper_pool<file_syncer_actor> syncers_;
  detail::helper_pool<session_compactor_actor> compactors_;
  detail::sync_watch sync_watch_{"session-sync-slow"};
  bool listed_ = false;
  /// Stores that there were when the directory was listed, and have come since.
  uint64_t stores_there_ = 0;
  /// Stores of which an earlier run's sync failed, or may have, and what of them is safe:
  /// what the page cache shows of their files proves nothing, and they are written anew.
  std::map<std::string, session_mark, std::less<>> doubted_;
  /// Nobody knows which stores there are.
  detail::trouble listing_{"session-store-unreadable"};
  /// What the files of those looked like that were closed last, as a hash; and these in
  /// the order of that.
  std::map<std::string, uint64_t, std::less<>> looks_;
  detail::use_order<std::string> closed_;
  /// Those that are open, or have to be remembered.
  std::map<std::string, kept_store, std::less<>> stores_;
  /// Those whose files are open.
  detail::use_order<kept_store*> opened_;
  uint64_t rested_ = 0;

  io_counts io_;
  /// Counted, and not told yet.
  metrics_delta untold_;
  detail::ledger_page booked_{"session"};
  uint64_t compactions_ = 0;
  uint64_t failures_ = 0;

  /// Requests to helpers that are not answered, and those of them that are syncs.
  uint64_t open_ = 0;
  uint64_t syncs_open_ = 0;
  std::vector<detail::owed<stop_report>> stopping_;
  bool ending_ = false;
  /// Stores that the end had to sync.
  uint64_t to_drain_ = 0;
};

/// @param metrics is told what was counted; may be null.
session_journal_actor::behavior_type
session_journal(session_journal_actor::stateful_pointer<session_journal_state> self,
                session_journal_config config, metrics_aggregator_actor metrics);

} // namespace sluice

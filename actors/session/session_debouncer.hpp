// The SESSION DEBOUNCER holds the latest document of every session with unwritten
// updates, and gives each store's to the session store once per window. It is one
// actor for all stores. A read sees what is unwritten; a failed write keeps its
// documents and is tried again with growing pauses.
#pragma once

#include "actors/detail/clock_watch.hpp"
#include "actors/detail/growing_pause.hpp"
#include "actors/detail/ledger_page.hpp"
#include "actors/detail/owed.hpp"
#include "actors/detail/trouble.hpp"
#include "actors/detail/window_timer.hpp"
#include "actors/session/session_cache.hpp"
#include "actors/session/session_debouncer_config.hpp"
#include "actors/session/store_line.hpp"
#include "actors/storage/file_quota.hpp"
#include "messages/metrics_aggregator.hpp"
#include "messages/session_debouncer.hpp"
#include "messages/session_store.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace sluice {

class session_debouncer_state {
public:
  static inline const char* name = "session-debouncer";

  explicit session_debouncer_state(session_debouncer_actor::pointer self) : self_(self) {}

  void init(session_debouncer_config config, session_store_actor store,
            metrics_aggregator_actor metrics);

  // -- updates and reads (session_debouncer_requests.cpp) --------------------------

  caf::result<session_receipt> put(session_update& x);
  caf::result<session_receipt> patch(session_update& x);
  caf::result<session_receipt> erase(std::string& store, std::string& key,
                                     durability at_least);
  caf::result<std::string> get(std::string& store, std::string& key, credit room);

  // -- whole stores (session_debouncer_stores.cpp) ---------------------------------

  caf::result<session_receipt> replace(session_replacement& x);
  caf::result<std::vector<session_document>> get_all(std::string& store, credit room);

  // -- writing (session_debouncer_writes.cpp) --------------------------------------

  /// Of this store, or of all, up to this level.
  caf::result<flush_report> flush(caf::optional<std::string> only, durability level);
  caf::result<durability> persist(const std::string& store, uint64_t seq,
                                  durability level);
  void on_tick(const std::string& store, uint64_t generation);
  void on_retry(const std::string& store, uint64_t generation);

  // -- what a store loses (session_debouncer_maintenance.cpp, ..._losses.cpp) ------

  caf::result<session_pruned> prune(const std::string& store);
  void on_recovered(const std::vector<session_store_info>& stores);

  // -- numbers and the end (session_debouncer.cpp) ---------------------------------

  caf::result<session_stats> stats();
  void apply(const session_limits& limits);
  metrics_report collect();
  status_report status();
  caf::result<stop_report> stop();

private:
  using receipt_promise = detail::owed<session_receipt>;
  using infos = std::vector<session_store_info>;

  /// What is known about a session without asking the store.
  struct knowledge {
    enum { present, absent, unknown, failed } state = unknown;
    /// The document, if present.
    const std::string* document = nullptr;
    /// Whether it was pending, in flight, or in the cache.
    bool in_memory = false;
    /// Bytes stored under the key, where they are known.
    caf::optional<uint64_t> stored_bytes;
  };

  // -- admission -------------------------------------------------------------------

  /// Runs the request once the totals of all stores are known.
  void with_totals(held_request request);
  void ask_totals();
  void totals_answered(const caf::error& err);
  /// Runs the request now, or in its turn behind those that wait for the same key.
  void admit(store_line& line, const std::string& key, held_request request);
  template <class Answer, class Run>
  caf::result<Answer> key_request(const std::string& store, const std::string& key,
                                  bool opens, Run run);
  store_line* find_line(const std::string& store);
  void refuse_held(const caf::error& err);

  // -- what cannot be read (session_debouncer_unread.cpp) --------------------------

  /// Runs the request once it is known what is in the store, or that it is not there.
  void with_store(const std::string& store, held_request request);
  void ask_store(const std::string& store);
  void store_answered(const std::string& store,
                      const caf::expected<session_store_info>& found);
  caf::error take_up_store(const session_store_info& found);
  /// Nobody knows what is in the store: it takes nothing until it can be read.
  void note_unread(const std::string& store, const caf::error& why);
  void retry_unread(const std::string& store, uint64_t generation);
  /// Updates of the store that are in the spool, and were not taken up.
  uint64_t left_in_spool(const std::string& store) const;
  bool has_lane(const std::string& store) const;
  /// The store could not be read, or not be written, which may mean that it cannot be
  /// read any more.
  static void doubt(store_line& line) { line.known = false; }
  /// The same; returns what is answered to who wanted to know.
  static caf::error unread(store_line& line, const caf::error& why);

  // -- single sessions -------------------------------------------------------------

  knowledge look_up(store_line* line, const std::string& key);
  void load(store_line& line, const std::string& key);
  void loaded(store_line& line, const std::string& key,
              const caf::expected<session_lookup>& found);
  bool update(store_line& line, const std::string& key, unwritten_session& x,
              const knowledge& now, durability at_least, receipt_promise rp);
  caf::error store_full(const std::string& store) const;
  unwritten_session make_unwritten(std::string document, credit charge);
  void count_coalesced(bool superseded);

  // -- the spool (session_debouncer_spool.cpp) -------------------------------------

  /// Makes the steps, all or none, and answers with a receipt or why not.
  void take(store_line& line, std::vector<session_step> steps, durability at_least,
            receipt_promise rp);
  /// Brings the steps into the spool, or finds that memory has to do.
  caf::expected<durability> keep(store_line& line, std::vector<session_step>& steps,
                                 durability at_least);
  caf::expected<durability>
  append(store_line& line, const std::vector<session_step>& steps, durability at_least);
  void make_room();
  bool windows_suffice() const;

  store_line& open_line(const session_store_info& stored);
  /// Opens what there is, and takes up again what the stores may not have.
  void take_up(const session_store_list& stores);
  void take_up_spooled();
  caf::error restore(store_line& line);
  /// Stores of which the spool holds anything.
  std::vector<std::string> spooled_stores() const;
  /// Updates that the spool has, and that were not taken up.
  uint64_t not_taken_up() const;
  caf::expected<std::vector<session_change>> read_kept(const store_line& line,
                                                       const spool_record& record);

  /// The store may have lost what is beyond this number.
  static void note_loss(store_line& line, uint64_t kept);
  static void tell_spool_of_loss(store_line& line);
  void bring_back(store_line& line);
  std::vector<session_change> lost_changes(const store_line& line, uint64_t after) const;

  // -- whole stores ----------------------------------------------------------------

  void read_whole(store_line& line,
                  std::function<void(const caf::expected<whole_store>&)> then);
  void whole_read(store_line& line, caf::expected<std::vector<session_document>> found);
  void admit_replacement(store_line& line, held_request request);
  void begin_replacement(store_line& line);
  void apply_replacement(store_line& line, const session_replacement& x,
                         const caf::expected<whole_store>& now, receipt_promise rp);
  void end_replacement(store_line& line);

  // -- writing ---------------------------------------------------------------------

  bool has_reached(const store_line& line, uint64_t seq, durability level) const;
  void sync_emptied(const std::string& store,
                    std::function<void(const caf::error&)> done);
  void schedule(store_line& line);
  void launch(store_line& line);
  void landed(store_line& line, const session_applied& applied);
  void turned_back(store_line& line, const caf::error& err, durability level);
  void answer_waiters(store_line& line);
  void after_flight(store_line& line);
  void launch_if_wanted(store_line& line);
  void try_again(store_line& line);
  void arm_retry(store_line& line);
  uint64_t wait_for_write(store_line& line, durability level,
                          std::function<void(const caf::error&)> done);
  void report_counts();

  // -- places (session_debouncer_places.cpp) ---------------------------------------

  /// Whether one more store may hold something.
  bool has_place(const store_line& line);
  void make_places(const store_line* keep);
  bool may_end(const store_line& line) const;
  void bring_to_disk(store_line& line);
  void end_line(store_line& line);
  caf::error no_place();
  /// Whether the store may come to have files.
  caf::error let_in(store_line& line);

  // -- maintenance (session_debouncer_maintenance.cpp) -----------------------------

  bool maintenance_due(const store_line& line);
  /// Whether something is left to do that is not to wait for the hour.
  bool maintenance_wanted(const store_line& line);
  void maintain(store_line& line);
  void maintained(store_line& line, const session_pruned& x);
  void end_maintenance(store_line& line, const caf::expected<session_pruned>& x);
  void note_excess(store_line& line);
  /// Whether maintenance may remove something now.
  bool enforcing();
  /// Answers who asked for the round.
  static void answer_pruners(pruners all, const caf::expected<session_pruned>& x);
  /// Notes that so many were to be removed at once that none were; 0: that is over.
  void note_too_many(store_line& line, uint64_t count);
  void tell_of_clock(status_report& report);
  void add_maintenance_alerts(const store_line& line, status_report& report) const;

  // -- the end ---------------------------------------------------------------------

  void finish_stop();

  session_debouncer_actor::pointer self_;
  session_debouncer_config config_;
  session_store_actor store_;
  metrics_aggregator_actor metrics_;

  std::map<std::string, store_line, std::less<>> lines_;
  /// Of all requests for a store that is known, so that it is known which came last.
  uint64_t uses_ = 0;
  /// Stores opened since places were last made.
  uint64_t opened_ = 0;
  /// Stores that have sessions and no line.
  uint64_t stores_elsewhere_ = 0;
  /// Where there is no spool to know it: no update of a store without a line has a higher
  /// number.
  uint64_t number_floor_ = 0;
  uint64_t stores_refused_ = 0;
  file_quota files_{"session.max-files", "session-files-full"};
  session_cache cache_;
  /// The answer to the load whose requests are being handled.
  const caf::expected<session_lookup>* loaded_ = nullptr;

  bool totals_known_ = false;
  /// Requests that came before the totals were known.
  std::vector<held_request> early_;
  /// Stores of which it is not known what is in them.
  std::map<std::string, unread_store, std::less<>> unread_;
  bool asking_totals_ = false;
  detail::window_timer totals_retry_;
  detail::growing_pause totals_pause_;

  uint64_t records_set_aside_ = 0;
  uint64_t write_troubles_ = 0;
  uint64_t write_failures_ = 0;
  uint64_t maintenance_failures_ = 0;
  /// Times that maintenance had to remove too many at once.
  uint64_t removals_held_ = 0;
  /// Stores that came to be beyond their limits.
  uint64_t excesses_ = 0;
  detail::trouble set_aside_{"session-record-set-aside"};

  detail::clock_watch clock_;
  /// Rounds of maintenance that removed nothing because of the clock.
  uint64_t maintenance_held_ = 0;
  detail::trouble clock_doubt_{"session-maintenance-held"};

  metrics_delta untold_;
  detail::ledger_page booked_{"session"};

  /// Not empty once a stop was asked for.
  std::vector<detail::owed<stop_report>> stopping_;
  uint64_t drained_ = 0;
};

/// Starts the debouncer.
/// @param sessions keeps what is written.
/// @param metrics learns what each flush did; may be null.
session_debouncer_actor::behavior_type
session_debouncer(session_debouncer_actor::stateful_pointer<session_debouncer_state> self,
                  session_debouncer_config config, session_store_actor sessions,
                  metrics_aggregator_actor metrics);

} // namespace sluice

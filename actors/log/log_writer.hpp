// The LOG WRITER owns every log's file: log buffers send it batches, and nobody else
// touches the files. Each batch is one write at the end of one file, and the spool knows
// of it before and after: a start, or a restarted buffer, finds out how far it came.
//
// A file that somebody renamed or deleted is finished, synced and closed, and the next
// batch opens the path anew. Runs detached, since writes block; it never waits for a
// sync, which a file syncer of each log's own does.
#pragma once

#include "actors/detail/owed.hpp"
#include "actors/detail/trouble.hpp"
#include "actors/detail/use_order.hpp"
#include "actors/storage/append_file.hpp"
#include "actors/storage/file_rights.hpp"
#include "actors/storage/spool.hpp"
#include "actors/storage/sync_token.hpp"
#include "messages/file_syncer.hpp"
#include "messages/log_writer.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace sluice {

/// The file that a log is written to.
std::string log_file_name(const std::string& log);

struct log_writer_config {
  /// Holds `{name}.log`; made with its parents' syncs if absent.
  std::string directory;
  /// A file that must exist whenever a log file is created: without it the data
  /// directory is not mounted, and nothing may be made in its place.
  std::string identity_file;
  /// Starts a file syncer.
  std::function<file_syncer_actor()> make_syncer;
  file_rights rights = {};
  /// Files that may be open at once: of more logs, those that were written longest ago
  /// are synced and closed.
  uint64_t open_files_max = 256;
  /// Is told what is begun, written and synced; may be null.
  std::shared_ptr<sluice::spool> spool = nullptr;
};

class log_writer_state {
public:
  static inline const char* name = "log-writer";

  explicit log_writer_state(log_writer_actor::pointer self) : self_(self) {}

  void init(log_writer_config config) { config_ = std::move(config); }

  log_outcome write(const log_batch& batch);
  caf::result<io_counts> sync(const std::string& log);
  caf::result<log_tail> tail(const std::string& log, const tail_bounds& wanted);
  caf::result<log_tail> load(const std::string& log, const tail_bounds& wanted);
  /// Whether the log has a file, or anything in its place; an error says that nobody
  /// knows.
  caf::expected<bool> exists(const std::string& log) const;
  caf::result<bool> close(const std::string& log);
  status_report status() const;
  stop_report stop();

private:
  /// A file that lost its name, and whose end is not known to be on disk.
  struct renamed_file {
    std::shared_ptr<append_file> file;
    /// Number of its last line, and of the last before its first.
    uint64_t last = 0;
    uint64_t before = 0;
    bool syncing = false;
  };

  struct log_file {
    std::shared_ptr<append_file> file;
    file_syncer_actor syncer;
    /// Syncs of the log that are under way.
    size_t syncs_open = 0;
    /// Lines that a mend has cut off and not brought back whole: nothing else is written
    /// before. And those that are back and not synced, if nobody else has them.
    bool cut_open = false;
    std::string rescued;
    /// Number of the last line before them.
    uint64_t rescued_after = 0;
    /// The log's lane in the spool, if there is one, and the last line written; they are
    /// looked up when the log is used.
    bool looked_up = false;
    lane_id lane = 0;
    uint64_t written = 0;
    /// Number of the last line before those that the open file got.
    uint64_t before_file = 0;
    /// What an earlier writer left in the files is taken over.
    bool taken_over = false;
    /// A part of the last batch is in the open file, where the rest has to go too.
    bool midway = false;
    /// The file was closed for others, with all that was written on disk.
    bool resting = false;
    /// Renamed files that are not synced yet, oldest first: until they are, nothing
    /// later counts as on disk.
    std::deque<renamed_file> renamed;
    /// Somebody else's bytes, or a file set aside: for a person to look at.
    detail::trouble foreign{"log-tail-foreign"};
    detail::trouble aside{"log-set-aside"};
    /// Records that earlier starts died of.
    detail::trouble record_aside{"log-record-set-aside"};

    bool is_suspect() const { return file && file->suspect(); }
    bool is_idle() const;
    bool may_rest() const;
    bool had_trouble() const;
  };

  /// Renamed files of one log that may wait for their syncs; then batches wait too.
  static constexpr size_t renamed_files_max = 16;

  using promise = detail::owed<io_counts>;

  // -- files -------------------------------------------------------------------------
  log_file& entry(const std::string& log);
  std::string path_of(const std::string& log) const;
  caf::error open(const std::string& log, log_file& to);
  void shut(log_file& x);
  caf::error make_directory();
  caf::error take_over(const std::string& log, log_file& x);
  caf::error claim_all(log_file& x, const caf::optional<file_position>& begun);
  void claim(log_file& x, const caf::optional<file_position>& begun);

  // -- batches (log_writer_batches.cpp) ----------------------------------------------
  caf::error put(const log_batch& batch, log_outcome& outcome);
  void skip_written(const log_batch& batch, const log_file& to,
                    log_outcome& outcome) const;
  void note_whole_lines(const log_batch& batch, log_file& to, uint64_t bytes);
  caf::error reopen(const log_batch& batch, log_file& to);
  caf::error resume(const log_batch& batch, log_file& to, log_outcome& outcome);
  caf::error append_rest(const log_batch& batch, log_file& to, log_outcome& outcome);
  caf::error append_up_to(uint64_t end, const log_batch& batch, log_file& to,
                          log_outcome& outcome);
  void begin(const log_batch& batch, uint64_t done, file_position where,
             const log_file& to);

  // -- batches of an earlier process (log_writer_replay.cpp) --------------------------
  caf::error replay(const log_batch& batch, log_file& to, log_outcome& outcome);
  caf::error replay_each(const log_batch& batch, log_file& to, log_outcome& outcome);
  caf::error set_aside(const log_batch& batch, size_t start, spool_record record,
                       log_file& to, log_outcome& outcome);

  // -- places (log_writer_places.cpp) ------------------------------------------------
  caf::error make_place();
  bool rest(log_file& x);

  // -- renamed files (log_writer_renamed.cpp) ----------------------------------------
  void let_go(const std::string& log, log_file& from);
  void sync_renamed(const std::string& log, log_file& x);
  void renamed_synced(const std::string& log, sync_token& token, const io_counts& io);
  void renamed_failed(const std::string& log, sync_token& token, const caf::error& err);
  void forget_oldest(log_file& x);
  sync_claim claim_of_oldest(const log_file& x) const;
  caf::error mend_renamed(log_file& x);
  caf::error sync_renamed_now(log_file& x);

  // -- what a death in a sync leaves (log_writer_doubts.cpp) -------------------------
  caf::error settle(const std::string& log, log_file& x, const sync_doubt& doubt);
  caf::error suspect_from(log_file& x, const batch_note& what);
  caf::error cut_and_rewrite(log_file& x, const std::string& lines);
  caf::error settle_renamed(log_file& x, const batch_note& what,
                            const std::string& lines);
  caf::error mend_among_others(log_file& x, const batch_note& what,
                               const std::shared_ptr<append_file>& file);
  caf::error append_lost(log_file& x, const batch_note& what);

  // -- syncs (log_writer_syncs.cpp) --------------------------------------------------
  caf::error mend(const std::string& log, log_file& x, io_counts& io);
  caf::error rewrite(log_file& x, const std::string& lines, io_counts& io);
  void note_rewriting(const log_file& x);
  void rescue(log_file& x, const std::string& lines) const;
  caf::error begin_anew(const std::string& log, log_file& x, const std::string& lines,
                        io_counts& io);
  caf::expected<std::string> unsynced_lines(const log_file& x, io_counts& io) const;
  caf::expected<std::string> cached_lines(const log_file& x, io_counts& io) const;
  caf::optional<std::string> kept_lines(const log_file& x, uint64_t after,
                                        uint64_t last) const;
  uint64_t unsynced_after(const log_file& x) const;
  sync_claim claim_on(const log_file& x, const append_file& file, uint64_t after,
                      uint64_t last) const;
  sync_claim claim_of_open(const log_file& x) const;
  void synced(const std::string& log, sync_token& token, promise& waiting, io_counts io);
  void note_rest_of_doubt(const log_file& x) const;
  void sync_failed(const std::string& log, sync_token& token, promise& waiting,
                   caf::error reason);
  caf::error sync_now(const std::string& log, log_file& x);
  caf::error sync_file(log_file& x);
  caf::result<io_counts> sync_here(log_file& x, io_counts io);
  void release(const log_file& x, uint64_t seq);

  caf::result<log_tail> read_tail(const append_file& file, const tail_bounds& wanted);
  void stop_syncer(const file_syncer_actor& syncer);
  void note_failure(const caf::error& reason);

  log_writer_actor::pointer self_;
  log_writer_config config_;
  std::map<std::string, log_file> logs_;
  /// Those whose file is open.
  detail::use_order<log_file*> open_;
  /// Renamed files of all logs, which are open too.
  uint64_t renamed_open_ = 0;
  uint64_t files_rested_ = 0;
  uint64_t syncs_open_ = 0;
  /// The directory's own name is known to be on disk.
  bool directory_synced_ = false;
  io_counts io_;
  uint64_t failures_ = 0;
  uint64_t records_set_aside_ = 0;
  uint64_t files_replaced_ = 0;
  std::string last_error_;
};

log_writer_actor::behavior_type
log_writer(log_writer_actor::stateful_pointer<log_writer_state> self,
           log_writer_config config);

} // namespace sluice

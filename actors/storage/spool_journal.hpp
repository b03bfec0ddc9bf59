// What the spool does, without its lock: lanes, segments, and the room between them.
//
// Records go to the TAIL, one segment of the usual size; a record too large for what is
// left there may get a segment of its own. A segment goes when nothing in it is held:
// each lane counts its records in extents, runs of records in one segment, in the order
// of their numbers: first those that are written and not released, then the others (what
// a sync has put in doubt, failed or under way, is among the others). The
// latest statement of a lane is made again before the segment that holds it goes.
#pragma once

#include "actors/storage/directory_watch.hpp"
#include "actors/storage/spool.hpp"
#include "actors/storage/spool_header.hpp"
#include "actors/storage/spool_reading.hpp"
#include "actors/storage/spool_segment.hpp"
#include "messages/error.hpp"

#include <sys/stat.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice {

class spool_journal {
public:
  static caf::expected<std::unique_ptr<spool_journal>> open(const spool_config& config);

  /// Makes a new one with these lanes' numbers.
  static caf::expected<std::unique_ptr<spool_journal>> renew(const spool_config& config,
                                                             const spool_journal& old);

  const std::string& id() const { return id_; }

  lane_id lane(lane_kind kind, const std::string& name);
  lane_id find_lane(lane_kind kind, const std::string& name) const;
  void forget(lane_id lane);
  std::vector<lane_id> lanes() const;
  lane_state state(lane_id lane) const;
  std::vector<spool_record> read(lane_id lane, uint64_t after) const;

  caf::error append(lane_id lane, uint64_t last_seq, uint64_t count,
                    std::string_view data);
  void begin_batch(lane_id lane, const batch_note& note);
  void written(lane_id lane, uint64_t seq);
  void doubt(lane_id lane, const sync_doubt& what);
  void released(lane_id lane, uint64_t seq);

  spool_fill fill() const;
  bool has_room() const { return crowded_out_.empty() && unwritten_ < max_bytes_ / 2; }
  bool pages_locked() const;
  size_t notes_dropped() const { return notes_dropped_; }

  void look_for_files(std::chrono::steady_clock::time_point now);
  bool check_place();
  bool remove_empty();
  bool available() const { return !gone_ && !broken_; }
  bool is_crowded_out();
  bool is_short_of_lanes();

  uint64_t begin_replay(lane_id lane, uint64_t last_seq);
  uint64_t begin_replay_from(lane_id lane, uint64_t last_seq);
  void pause_replay(lane_id lane);
  void end_replay(lane_id lane);
  bool died_in_replay() const { return header_.replay().suspect_deaths > 0; }

private:
  /// A record, or that one and all behind it.
  struct replayed {
    uint64_t seq = 0;
    bool and_later = false;
  };

  struct extent {
    spool_segment* where;
    uint64_t last_seq;
    uint64_t bytes;
  };

  struct lane_entry {
    lane_id id = 0;
    lane_state state;
    /// The version of the latest statement, the segment that holds it (0: none was ever
    /// made), and the last tail that names the lane.
    uint64_t version = 0;
    uint64_t stated_in = 0;
    uint64_t named_in = 0;
    /// The last segment that holds anything of it.
    uint64_t last_in = 0;
    std::deque<extent> extents;
    /// So many of the extents are written.
    size_t written_extents = 0;
    /// Nobody uses its number.
    bool unused = true;

    /// Number of the last item that may be given up when room is short.
    uint64_t free_up_to() const;
  };

  explicit spool_journal(const spool_config& config);

  // -- opening (spool_opening.cpp) ---------------------------------------------------
  caf::error open_directory(const std::string& dir);
  caf::error open_files(const spool_config& config);
  caf::error begin(const spool_config& config);
  caf::error adopt(const spool_config& config, const spool_contents& contents,
                   unique_fd header);
  void adopt_lane(lane_id id, const spool_contents::lane& found);
  void adopt_spare();
  bool resume_tail();
  void remove_files(bool listed_too);
  void remove_own_files(int directory) const;
  void inherit(const spool_journal& old);

  // -- items (spool_journal.cpp) -----------------------------------------------------
  size_t place_of(lane_id lane) const;
  lane_entry* find(lane_id lane);
  const lane_entry* find(lane_id lane) const;
  lane_entry& add_lane(lane_id lane);
  caf::error check_append(const lane_entry* entry, uint64_t last_seq, size_t bytes) const;
  void note_refusal(ec code);
  void room_was_won();
  void note_data(lane_entry& entry, spool_segment& where, uint64_t last_seq,
                 uint64_t bytes);
  void mark(lane_entry& entry);
  void note_replayed(lane_id lane, replayed what);
  void state_in(lane_entry& entry, spool_segment& where);

  // -- what others do to the files (spool_presence.cpp) --------------------------------
  bool directory_is_named(struct stat& found) const;
  bool files_are_linked() const;
  bool files_are_named() const;
  bool files_are_there();
  caf::error crowded_out(const caf::error& reason, uint64_t bytes_beyond);

  // -- places of lanes (spool_lanes.cpp) ---------------------------------------------
  bool has_place(const lane_entry& entry) const;
  uint64_t number_floor() const;
  size_t restated_bytes(const spool_segment& segment) const;
  bool is_idle(const lane_entry* entry, uint64_t segment) const;
  void win_places();
  bool forget_idle(const spool_segment& segment);
  bool raise_floor(uint64_t seq);
  void drop_unused(lane_id lane);
  void mark_extents_written(lane_entry& entry);
  void take_back(lane_entry& entry);
  void let_go(lane_entry& entry);

  // -- room (spool_room.cpp) ---------------------------------------------------------
  bool data_fits(uint64_t more) const;
  caf::expected<spool_segment*> place_for(lane_entry& entry, size_t bytes);
  size_t own_bytes(size_t records) const;
  caf::expected<spool_segment*> own_segment(lane_entry& entry, size_t records);
  caf::error roll();
  caf::error ensure_tail(size_t bytes);
  caf::error ensure_spare();
  caf::error win_spare();
  bool has_spare() const { return spare_ || tail_->room() > segment_bytes_ / 2; }
  spool_segment* add(std::unique_ptr<spool_segment> segment);
  template <class More>
  bool make_room(More more);
  bool give_up_written();
  bool move_unwritten();
  bool move_out(spool_segment& from);
  void copy_unwritten(const spool_segment& from);
  void repoint(lane_entry& entry, spool_segment& from);
  bool free_segment(spool_segment& segment);
  void free_dead();

  size_t max_bytes_;
  size_t segment_bytes_;
  std::string path_;
  unique_fd directory_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  spool_identity identity_;
  std::string id_;
  spool_header header_;
  bool gone_ = false;
  /// When it was last looked for the files.
  std::chrono::steady_clock::time_point looked_at_;
  /// When the directory was changed last, if each file was seen in it since.
  int64_t settled_ns_ = 0;
  /// Whether that is its last change; if so, it is looked up again when something was
  /// noted, or after a while.
  bool is_settled_ = false;
  directory_watch watch_;
  std::chrono::steady_clock::time_point looked_up_at_;
  /// The tick of the kernel's clock in which each file was last seen, and the change of
  /// the directory that was the last one then.
  int64_t tick_ns_ = 0;
  int64_t seen_ns_ = 0;
  /// No room could be had for a mark.
  bool broken_ = false;

  std::map<uint64_t, std::unique_ptr<spool_segment>> segments_;
  spool_segment* tail_ = nullptr;
  uint64_t last_number_ = 0;
  /// Of all segments, the spare's apart.
  uint64_t segment_sum_ = 0;
  std::optional<spool_mapping> spare_;

  /// In the order of their numbers; for a while none for numbers that nobody has any
  /// more.
  std::vector<std::pair<lane_id, std::unique_ptr<lane_entry>>> lanes_;
  lane_id last_lane_ = 0;
  size_t lanes_dropped_ = 0;
  std::map<std::pair<lane_kind, std::string>, lane_id> names_;
  /// What one statement of each lane takes that has made one.
  uint64_t statement_sum_ = 0;
  bool lanes_short_ = false;
  uint64_t lane_refusals_ = 0;

  uint64_t unwritten_ = 0;
  uint64_t kept_ = 0;
  uint64_t refusals_ = 0;
  /// The last append found no room, and none was won since.
  bool refusing_ = false;
  /// Why the file system had no room for it, in words, if that was the reason.
  std::string crowded_out_;
  uint64_t bytes_missed_ = 0;
  uint64_t moved_bytes_ = 0;
  size_t notes_dropped_ = 0;
  /// What each lane replays now.
  std::map<lane_id, replayed> replaying_;
};

} // namespace sluice

// The SPOOL keeps what was acknowledged and is not on disk yet, in files that live in
// RAM (tmpfs): they cost no disk write and survive the death of the process.
//
// It is a journal. Each log, session store and the SQL queue has a lane in it; a record
// is one request's data in one lane, taken whole or not at all. Marks say how far a lane
// has been written and how far it is safe on disk; what is safe is let go, oldest first.
// A killed process leaves the files; the next one opens them, and every lane tells what
// it still holds.
//
// Thread-safe: whoever writes calls it directly, since a message each way would cost
// more than the append. Nothing in it waits for a disk.
#pragma once

#include "messages/file_position.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// `number_floor` is the spool's own: no number up to it is given to a new lane.
enum class lane_kind : uint8_t { log = 1, session = 2, queue = 3, number_floor = 4 };

inline std::string to_string(lane_kind kind) {
  switch (kind) {
    case lane_kind::log:
      return "log";
    case lane_kind::session:
      return "session";
    case lane_kind::queue:
      return "queue";
    case lane_kind::number_floor:
      return "number floor";
  }
  return "unknown";
}

/// A lane's number within one spool; 0 is none.
using lane_id = uint32_t;

/// A batch that somebody began to write: where it begins, and its numbers.
struct batch_note {
  file_position where;
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;

  bool operator==(const batch_note&) const = default;
};

/// Items that a sync was to bring to disk of which nobody knows whether it did: the page
/// cache is no witness of what is in the file from there on.
struct sync_doubt {
  batch_note what;
  /// The sync failed. If not, it was on its way.
  bool failed = false;

  bool operator==(const sync_doubt&) const = default;
};

struct lane_state {
  lane_kind kind = lane_kind::log;
  std::string name;
  /// Numbers of the last item taken in, written, and safe on disk.
  uint64_t appended = 0;
  uint64_t written = 0;
  uint64_t released = 0;
  /// The last batch begun, if it is not known to be written.
  std::optional<batch_note> note;
  /// What whoever comes after a death must write again, until it is released.
  std::optional<sync_doubt> doubt;

  bool operator==(const lane_state&) const = default;
};

struct spool_record {
  /// Number of its last item, and how many items it holds.
  uint64_t last_seq = 0;
  uint64_t count = 0;
  std::string data;

  bool operator==(const spool_record&) const = default;
};

/// So many starts in a row that died inside a record, and the next sets it aside.
constexpr uint64_t replay_deaths_max = 2;

/// The smallest bound: there must be a few segments, and a record of half of it.
constexpr size_t spool_bytes_min = 1'048'576;

struct spool_config {
  /// The spool's own directory, on tmpfs; made if absent, mode 0700.
  std::string dir;
  /// Bound for all segments together, `spool_bytes_min` at least.
  size_t max_bytes = 33'554'432;
  /// Identity and path of the data directory that it belongs to; the path is the same for
  /// everybody, wherever they are.
  std::string data_id;
  std::string data_dir;
};

struct spool_fill {
  size_t max_bytes = 0;
  /// Bytes of the segments that are there.
  size_t allocated_bytes = 0;
  /// Bytes of records that are not written yet, and of those that are written but not
  /// known to be safe on disk: the latter give way when room is short.
  size_t unwritten_bytes = 0;
  size_t kept_bytes = 0;
  size_t segments = 0;
  /// Appends that found no room, since start.
  uint64_t refusals = 0;
  /// The last append found no room, and nothing was written since. What the bound has in
  /// reserve, and what is lost between records, is room that no append ever gets.
  bool refusing = false;
  /// In words, if the reason was not the bound, but that no new file could be had: others
  /// have filled the file system.
  std::string crowded_out = {};
  /// Lanes that have a place, without which a lane takes no items.
  size_t lanes = 0;
  /// Some lane asked for one in vain, and none has become free since; and how often that
  /// was so since start.
  bool lanes_short = false;
  uint64_t lane_refusals = 0;
  /// Bytes copied because a slow lane held the oldest segment, since start.
  uint64_t moved_bytes = 0;
};

class spool {
public:
  /// Opens what is in the directory, or makes a new spool. `unavailable`: it is not
  /// empty and belongs to another data directory, has another version, or is damaged;
  /// nothing was changed then. `disk_full`: the tmpfs has no room.
  static caf::expected<std::shared_ptr<spool>> open(spool_config config);

  spool(const spool&) = delete;
  spool& operator=(const spool&) = delete;
  ~spool();

  /// 32 hex digits, made with the spool.
  const std::string& id() const;

  // -- lanes -----------------------------------------------------------------------

  /// Returns the lane of this name, making it if need be.
  lane_id lane(lane_kind kind, const std::string& name);
  /// The lane of this name, or 0 if there is none.
  lane_id find_lane(lane_kind kind, const std::string& name) const;
  /// Nobody uses this number any more: a lane that holds nothing is forgotten with its
  /// place, and its name begins beyond what it has counted.
  void forget(lane_id lane);
  std::vector<lane_id> lanes() const;
  lane_state state(lane_id lane) const;

  /// Copies of the records that hold items beyond `after`, ordered by number.
  std::vector<spool_record> read(lane_id lane, uint64_t after) const;

  // -- items on their way ------------------------------------------------------------

  /// Takes `count` items, the last of them numbered `last_seq`, which must be beyond
  /// all before. `overloaded`: no room; `too_large`: more than half of the spool;
  /// `unavailable`: its files are gone, or there are so many lanes that this one has no
  /// place. On an error nothing was taken. Whoever promises something of it tells the
  /// time: then it is known that the files are there, or were `look_pause` ago.
  caf::error append(lane_id lane, uint64_t last_seq, uint64_t count,
                    std::string_view data,
                    std::chrono::steady_clock::time_point now = {});
  static constexpr std::chrono::microseconds look_pause{100};
  /// A file system that is mounted over the place, or taken away, is seen as late as
  /// that.
  static constexpr std::chrono::milliseconds mount_look_pause{100};

  /// Says that a batch of the lane is about to be written there, or written again after
  /// a failed sync: then it does not count as written until it is. Never fails: room for
  /// marks is kept back.
  void begin_batch(lane_id lane, const batch_note& note);

  /// Everything up to `seq` is written; the note of a batch up to there is over.
  void written(lane_id lane, uint64_t seq);

  /// Says that a sync of these items begins, or has failed: whoever dies before it is
  /// told may have swallowed the kernel's only word of a failure. As long as they are in
  /// doubt they are kept as if they were not written. It ends with the items' release,
  /// or with a batch of them that begins in another file. Never fails.
  void doubt(lane_id lane, const sync_doubt& what);

  /// Everything up to `seq` is safe on disk, and is let go.
  void released(lane_id lane, uint64_t seq);

  // -- room and place ----------------------------------------------------------------

  spool_fill fill() const;

  /// Whether less than half is taken by what is not written, and others leave the rest to
  /// it: early flushes can wait.
  bool has_room() const;

  /// Looks whether the path still names these files. If not, appends are refused with
  /// `unavailable` until `renew` made new files.
  bool check_place();
  bool available() const;
  /// Whether somebody has to see to it: its files are gone, or what it holds must be
  /// brought to disk, since others have left it so little room or its lanes run short.
  bool needs_care();
  /// Whether few places for lanes are left, or some lane asked for one in vain.
  bool is_short_of_lanes();
  /// Begins anew in the same place, with the lanes' numbers and none of their records:
  /// to be called when everything was brought to disk.
  caf::error renew();

  /// Removes its files if nothing in it is unreleased: another place goes on. It is
  /// unavailable then.
  bool remove_empty();

  /// Whether all its pages are locked in memory. If not, swap is a disk that they may
  /// reach.
  bool pages_locked() const;

  /// How many notes of batches were dropped at the opening, since they are of another
  /// boot (possible on a real disk alone): a file's numbers mean nothing then.
  size_t notes_dropped() const;

  // -- starts ------------------------------------------------------------------------

  /// Notes that this record is being replayed, and returns how many starts in a row
  /// died inside it before.
  uint64_t begin_replay(lane_id lane, uint64_t last_seq);

  /// The same of this record and all behind it, replayed at once. If starts died in any
  /// of them, they have to be replayed one by one, which tells whose fault it was.
  uint64_t begin_replay_from(lane_id lane, uint64_t last_seq);

  /// The lane's replay waits: who dies meanwhile does not die of it.
  void pause_replay(lane_id lane);
  /// The lane's replay is over, and what it was suspected of with it.
  void end_replay(lane_id lane);

  /// Whether the last start died in a replay. One lane at a time is replayed then.
  bool died_in_replay() const;

private:
  struct implementation;
  explicit spool(std::unique_ptr<implementation> impl);
  std::unique_ptr<implementation> impl_;
};

} // namespace sluice

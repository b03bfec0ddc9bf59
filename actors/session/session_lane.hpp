// One store's LANE IN THE SPOOL beside the mark that the session store tells: what was
// accepted goes in before it is answered, and leaves as the session store has it.
#pragma once

#include "actors/coalesce/lane.hpp"
#include "actors/session/session_codec.hpp"
#include "messages/durability.hpp"
#include "messages/session_store.hpp"

#include <caf/error.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice {

class session_lane {
public:
  /// No spool.
  session_lane() = default;

  session_lane(std::shared_ptr<spool> in, spool_keeper_actor keeper,
               const std::string& store)
      : lane_(std::move(in), std::move(keeper), lane_kind::session, store),
        numbers_(lane_.state()) {}

  explicit operator bool() const { return static_cast<bool>(lane_); }

  /// Whether the spool takes anything now, and holds what it took.
  bool available() const { return lane_.level() == durability::ram; }

  void look_after() const { lane_.look_after(); }

  /// Number of the last update that was in the spool, or in the store as this told, when
  /// the lane was opened.
  uint64_t last_seq(const session_mark& told) const {
    auto last = std::max(numbers_.appended, numbers_.released);
    return of_this_spool(told) ? std::max(last, told.seq) : last;
  }

  /// Up to which number all is safe in a store that was reopened after an I/O error, and
  /// told this mark.
  uint64_t after_loss(const session_mark& told) const {
    const auto released = on_disk_now();
    return of_this_spool(told) ? std::max(told.seq, released) : released;
  }

  /// Up to which number all is in the store, which told its mark. What the spool was told
  /// does not count beside it: the store may have lost that with an I/O error. With a
  /// sync in doubt the mark does not count either: it may be in the file, and a page
  /// before it not.
  uint64_t in_store(const session_mark& told) const {
    if (numbers_.doubt || !of_this_spool(told))
      return numbers_.released;
    return std::max(told.seq, numbers_.released);
  }

  /// Whether a sync was in doubt when the lane was opened.
  bool in_doubt() const { return numbers_.doubt.has_value(); }

  /// Up to which number all was safe on disk when the lane was opened, and is now.
  uint64_t on_disk() const { return numbers_.released; }
  uint64_t on_disk_now() const { return lane_.state().released; }

  std::vector<spool_record> read(uint64_t after) const { return lane_.read(after); }

  /// Notes that this record is being read, and returns how many starts died in that.
  uint64_t begin_replay(uint64_t last_seq) const { return lane_.begin_replay(last_seq); }
  void end_replay() const { lane_.end_replay(); }

  /// Takes a request's changes, whole or not at all, and returns the level that they
  /// have.
  caf::expected<durability> take(uint64_t last_seq, const session_record_writer& record,
                                 durability at_least, caf::actor_clock::time_point now) {
    // The same answer, though there is nothing to take.
    if (record.count() == 0 && available())
      return durability::ram;
    if (record.count() == 0)
      return coalesce::lane::decline(at_least);
    return lane_.take(last_seq, record.count(), record.data(), at_least, now);
  }

  /// The store has everything up to this number, at this level.
  void landed(uint64_t seq, durability level) {
    lane_.written(seq);
    if (level == durability::disk)
      lane_.released(seq);
  }

  /// The store is about to be synced with everything up to this number, or that failed.
  void doubt(uint64_t seq, bool failed) {
    const auto now = lane_.state();
    // What is in doubt already stays so until it is on disk.
    if (now.doubt)
      seq = std::max(seq, now.doubt->what.last_seq);
    lane_.doubt({{{}, now.released + 1, seq}, failed});
  }

  /// The store lost what came after `kept`, up to `last`: it is to be written again.
  void take_back(uint64_t kept, uint64_t last) {
    doubt(last, true);
    lane_.begin_batch({{}, kept + 1, last});
  }

  /// Nobody gives numbers of this lane until it is opened again.
  void forget() { lane_.forget(); }

  /// What a store that has everything up to this number is to remember.
  session_mark mark(uint64_t seq) const {
    return lane_ ? session_mark{lane_.spool_id(), seq} : session_mark{};
  }

private:
  bool of_this_spool(const session_mark& x) const {
    return x.spool_id == lane_.spool_id();
  }

  coalesce::lane lane_;
  /// As they were when the lane was opened.
  lane_state numbers_;
};

} // namespace sluice

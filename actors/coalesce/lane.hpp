// WHAT SURVIVES of one log, one store, one queue: its LANE in the spool, or none, which
// holds nothing and refuses nobody who asks for no more than memory. A request's items
// are in the spool whole, at the level that is told, or there is no trace of them.
//
// No actor: whoever accepts calls it, before he answers.
#pragma once

#include "actors/storage/spool.hpp"
#include "messages/durability.hpp"
#include "messages/spool_keeper.hpp"

#include <caf/actor_clock.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::coalesce {

class lane {
public:
  /// None.
  lane() = default;

  /// The lane of this name; none without a spool.
  /// @param keeper is told when somebody has to see to the spool; may be null.
  lane(std::shared_ptr<spool> in, spool_keeper_actor keeper, lane_kind kind,
       const std::string& name);

  /// Whether there is one, be its files there or not.
  explicit operator bool() const { return spool_ != nullptr; }

  // -- taking in -------------------------------------------------------------------

  /// Brings a request's items into the spool, the last of them numbered `last_seq`, and
  /// returns the level that they have. Where the spool cannot have them at all, memory
  /// has to do, if it may: `unavailable`. Any other error: the spool has no room for
  /// them.
  caf::expected<durability> take(uint64_t last_seq, uint64_t count, std::string_view data,
                                 durability at_least, caf::actor_clock::time_point now);

  /// The same of items that must not be in it, though it may have room: memory, or why
  /// there is no more than that.
  static caf::expected<durability> decline(durability at_least);

  /// The level of what would be taken in now.
  durability level() const;

  /// Whether it takes anything now, as far as is known.
  bool is_available() const;

  /// Whether early flushes can wait: see `spool`.
  bool has_room() const;

  /// Tells the keeper if somebody deleted the spool's files, or filled the file system
  /// around them. Before each flush, and when it refuses.
  void look_after() const;

  // -- what it holds ---------------------------------------------------------------

  /// Of the spool; empty if there is none.
  std::string spool_id() const;

  lane_state state() const;

  /// Copies of the records that hold items beyond `after`, in order.
  std::vector<spool_record> read(uint64_t after) const;

  /// Everything up to this number is written, or safe on disk and let go.
  void written(uint64_t seq) const;
  void released(uint64_t seq) const;

  /// These are about to be written, or to be written again.
  void begin_batch(const batch_note& note) const;

  /// A sync of these begins, or has failed.
  void doubt(const sync_doubt& what) const;

  /// Nobody gives numbers of this lane until it is opened again.
  void forget() const;

  // -- replay, as `spool` has it -----------------------------------------------------

  uint64_t begin_replay(uint64_t last_seq) const;
  uint64_t begin_replay_from(uint64_t last_seq) const;
  void pause_replay() const;
  void end_replay() const;

private:
  std::shared_ptr<spool> spool_;
  spool_keeper_actor keeper_;
  lane_id id_ = 0;
};

} // namespace sluice::coalesce

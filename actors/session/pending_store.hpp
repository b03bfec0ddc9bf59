// The unwritten sessions of one store: those that wait for the window's end, and
// below them those that a flush has on its way. No actor, no time: it only knows
// what is newer than what, and how large the store will be.
#pragma once

#include "messages/credit.hpp"
#include "messages/durability.hpp"
#include "messages/session_store.hpp"

#include <caf/actor_clock.hpp>
#include <caf/optional.hpp>

#include <cstdint>
#include <map>
#include <string>

namespace sluice {

/// The newest state of a session that is not in the store yet.
struct unwritten_session {
  bool erased = false;
  std::string document;
  /// Time of day of the update, in ms since 1970; doubtful if the clock was.
  int64_t updated_at_ms = 0;
  /// When the first unwritten update of this session came.
  caf::actor_clock::time_point since;
  credit charge;
  /// Number of the newest update, given when it is taken.
  uint64_t seq = 0;
  /// Whether the newest update survives the process.
  bool in_spool = false;
  /// What the store will hold under this key when its turn comes; 0 if unknown.
  uint64_t replaces_bytes = 0;
};

using unwritten_sessions = std::map<std::string, unwritten_session, std::less<>>;

/// One update that a request makes.
struct session_step {
  std::string key;
  unwritten_session session;
  /// Bytes stored under the key, where they are known.
  caf::optional<uint64_t> stored_bytes;
};

class pending_store {
public:
  explicit pending_store(session_store_info stored) : stored_(std::move(stored)) {}

  // -- reading ---------------------------------------------------------------------

  const std::string& name() const { return stored_.store; }
  const session_store_info& stored() const { return stored_; }
  const unwritten_sessions& waiting() const { return waiting_; }
  const unwritten_sessions& in_flight() const { return in_flight_; }

  /// The newest unwritten state of `key`, if there is one.
  const unwritten_session* find(const std::string& key) const;

  /// Sessions with unwritten updates.
  uint64_t sessions() const;

  /// Sessions that will be there once all is written, of those that are unwritten.
  uint64_t new_sessions() const;

  /// Keys and documents that are held.
  uint64_t held_bytes() const;

  /// Arrival of the oldest unwritten update.
  caf::optional<caf::actor_clock::time_point> oldest() const;

  /// Size of the store once all is written; too large rather than too small where
  /// the size of what is replaced is not known.
  uint64_t projected_bytes() const;

  /// By how much the projection grows if `key` now takes `bytes`. `stored` is what
  /// is known to be stored under it.
  int64_t growth(const std::string& key, uint64_t bytes,
                 const caf::optional<uint64_t>& stored) const;

  /// Number of the last update, of the last one in flight, and up to which number all
  /// are committed.
  uint64_t last_seq() const { return last_seq_; }
  uint64_t flight_seq() const { return flight_seq_; }
  uint64_t committed_seq() const { return committed_seq_; }

  /// Whether everything up to `seq` has reached `level`; with the last update what has no
  /// number: what maintenance removed, and what an earlier run may have left.
  bool reached(uint64_t seq, durability level) const;

  /// Whether maintenance removed something that is not known to be gone from the disk.
  bool removed() const { return removed_; }

  /// Whether everything up to `seq` is in the store or in the spool.
  bool survives(uint64_t seq) const {
    return unkept_seq_ <= committed_seq_ || reached(seq, durability::ram);
  }

  // -- changing --------------------------------------------------------------------

  /// Begins with the numbers that an earlier run ended with.
  void resume(uint64_t last, uint64_t committed, uint64_t synced);

  /// An earlier run may have written what is not on disk.
  void doubt_earlier() { unsure_ = true; }

  /// The store was read again, and is now like this.
  void told(const session_store_info& x);

  /// The store lost what is numbered beyond `kept`.
  void lost(uint64_t kept);

  /// Takes an update of an earlier run, which has its number; returns as `set`.
  bool restore(const std::string& key, unwritten_session x);

  /// Takes an update; returns whether it superseded one that waited.
  bool set(const std::string& key, unwritten_session x,
           const caf::optional<uint64_t>& stored);

  /// Puts all that waits in flight, and returns it as one flush, in the order of the
  /// newest numbers.
  session_changes take_off();

  /// The flush is in the store; returns what it brought there.
  unwritten_sessions land(const session_applied& applied);

  /// The flush failed: its sessions wait again, unless newer states do already.
  /// Returns how many were superseded so.
  uint64_t turn_back();

  /// Maintenance removed documents; the store is now like this.
  void pruned(const session_pruned& x);

private:
  bool take(const std::string& key, unwritten_session x,
            const caf::optional<uint64_t>& stored);

  session_store_info stored_;
  unwritten_sessions waiting_;
  unwritten_sessions in_flight_;
  uint64_t last_seq_ = 0;
  uint64_t flight_seq_ = 0;
  uint64_t committed_seq_ = 0;
  uint64_t synced_seq_ = 0;
  bool removed_ = false;
  bool unsure_ = false;
  /// Number of the last update that the spool did not take.
  uint64_t unkept_seq_ = 0;
  /// Sum over both maps of what each session adds to the store.
  int64_t growth_ = 0;
};

/// Bytes that a store counts for a session.
inline uint64_t bytes_of(const std::string& key, const unwritten_session& x) {
  return x.erased ? 0 : key.size() + x.document.size();
}

} // namespace sluice

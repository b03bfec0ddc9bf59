// Whose fault is it that a write fails? SQLite's codes do not tell: a table without a
// number left for a row says FULL, as a disk does; a block larger than SQLite takes says
// NOMEM, as a machine does. So it is tried out.
//
// A write that fails alone, and fails again, while a commit of our own is taken after
// either, fails by its own fault, whatever the code says. For that commit there must be
// what an ordinary write may want: room beyond what this one had written, the memory that
// it lacked, a file to sort in. Where ours is not taken it is the disk's fault, or the
// machine's, and all writes wait for it. So they do if the machine refused this one
// memory that it had a moment later: what fails by chance proves nothing.
#pragma once

#include "actors/database/write_transaction.hpp"

#include <caf/error.hpp>

#include <functional>

namespace sluice {

class write_trial {
public:
  explicit write_trial(write_transaction& work) : work_(work) {}

  /// Whether the error may be a write's own, or the disk's, or the machine's, and a trial
  /// can tell. After an I/O error of the database's files none can.
  bool is_open(const caf::error& err) const;

  /// Has `attempt` run a write alone, in a transaction that is gone when it fails; once
  /// more if need be. Returns its error, as `refused` if that is the write's own fault.
  caf::error judge(const std::function<caf::error()>& attempt);

private:
  bool takes_ours(uint64_t written);
  caf::error make_room(uint64_t bytes);

  write_transaction& work_;
  /// One of ours was not taken, or memory was short by chance: there is nothing to find
  /// out before the next commit.
  bool failed_ = false;
};

} // namespace sluice

// Applies a batch of queued writes: in order, each exactly once, all in one transaction
// with the mark that says how far. What is a write's own fault makes a dead letter,
// which is on disk before the commit that passes it; whose fault it is shows when it runs
// alone (`write_trial`). Anything else (the disk is full, somebody holds the database)
// leaves the rest of the batch for later.
//
// A write that ends the transaction itself is refused for what it said, or runs again
// alone if it said nothing; those before it and those behind it are transactions of their
// own. So what runs past its limit does so once.
//
// Others wait for the writer meanwhile: once a batch has taken its time, what it has done
// is committed, and the rest is left for the next one.
#pragma once

#include "actors/database/write_transaction.hpp"
#include "actors/database/write_trial.hpp"
#include "actors/storage/dead_letters.hpp"
#include "messages/sql_batch.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice {

class queue_commit {
public:
  queue_commit(write_transaction& work, dead_letters& refused, caf::timespan time_max)
      : work_(work), refused_(refused), trial_(work) {
    until_.set(time_max);
  }

  sql_batch_outcome run(const sql_batch& batch);

private:
  using writes = std::span<const queued_write>;

  /// What one transaction did, told once it is committed.
  struct progress {
    uint64_t writes = 0;
    uint64_t bytes = 0;
    uint64_t statements = 0;
    std::vector<dead_letter> refused;
    /// Bytes of their lines.
    uint64_t refused_bytes = 0;
    /// Whether the commit passes a write that has a dead letter.
    bool passes_letters = false;

    void add(const sql_write& x);
  };

  /// A write that ended the transaction, and why, if that is known.
  struct culprit {
    size_t at = 0;
    std::string reason = {};
  };

  caf::error apply(const sql_batch& batch);
  caf::error apply_in_order(writes xs);
  caf::error apply_together(writes xs, std::optional<culprit>& found);
  caf::error apply_alone(writes one);
  caf::error try_alone(writes one);
  caf::error set_aside(writes one, std::string reason);
  caf::error refuse(const queued_write& x, std::string reason, progress& done);
  caf::error finish(writes xs, const progress& done);
  bool is_synced(writes xs) const;

  write_transaction& work_;
  dead_letters& refused_;
  write_trial trial_;
  /// No dead letter can be written: it is no use to ask whose fault that is.
  bool letters_fail_ = false;
  sqlite::deadline until_;
  sql_batch_outcome outcome_;
  /// Number of the batch's last write if all is to be synced, else none.
  uint64_t synced_at_ = 0;
  /// What was applied before: a batch always gets further.
  uint64_t began_at_ = 0;
};

} // namespace sluice

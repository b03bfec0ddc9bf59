// Commits a group of writes in one transaction, and yet each as if it were alone: what
// is wrong with one of them harms no other, and nobody is told before the commit.
//
// A statement may end the transaction itself (OR ROLLBACK, RAISE(ROLLBACK), a full
// disk); the statements after it would then commit one by one, and those before it are
// gone. So the transaction is looked for after every statement. If it has ended, the
// culprit runs by itself, unless it was told why it was refused; those before and those
// after it are groups of their own, in the order in which they came. So does what failed
// and may not be to blame (`write_trial`).
#pragma once

#include "actors/database/write_request.hpp"
#include "actors/database/write_transaction.hpp"
#include "actors/database/write_trial.hpp"

#include <optional>
#include <vector>

namespace sluice {

class group_commit {
public:
  explicit group_commit(write_transaction& work) : work_(work), trial_(work) {}

  /// Gives each write its outcome.
  void run(std::vector<write_request>& group);

private:
  using members = std::vector<write_request*>;

  void run(members group);
  void run_alone(write_request& x);
  caf::error try_alone(write_request& x, bool synced);
  caf::error commit_alone(write_request& x);
  std::optional<size_t> run_together(const members& group);
  void commit_together(const members& group, bool synced);
  bool is_in_doubt(const write_request& x) const;
  bool refuse_if_suspect(write_request& x);

  write_transaction& work_;
  write_trial trial_;
};

} // namespace sluice

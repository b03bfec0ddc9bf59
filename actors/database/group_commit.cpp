#include "actors/database/group_commit.hpp"

#include "messages/error.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// Whether it is known what the write's own fault is. It would only come again, and
/// others would wait for as long once more.
bool is_refused(const write_request& x) {
  return !x.outcome && code_of(x.outcome.error()) == ec::refused;
}

} // namespace

void group_commit::run(std::vector<write_request>& group) {
  members all;
  all.reserve(group.size());
  for (auto& x : group)
    all.push_back(&x);
  run(std::move(all));
}

/// A member that must run alone is a culprit before it has done anything.
void group_commit::run(members group) {
  while (true) {
    std::erase_if(group, [this](write_request* x) { return refuse_if_suspect(*x); });
    if (group.size() <= 1)
      break;
    auto culprit = run_together(group);
    if (!culprit)
      return;
    auto at = group.begin() + static_cast<std::ptrdiff_t>(*culprit);
    run(members{group.begin(), at});
    if (!is_refused(**at))
      run_alone(**at);
    group.erase(group.begin(), at + 1);
  }
  if (!group.empty())
    run_alone(*group.front());
}

/// Runs the group in one transaction. Returns the member that ended it, if one did;
/// else every member has its outcome.
std::optional<size_t> group_commit::run_together(const members& group) {
  auto migration = std::find_if(group.begin(), group.end(), [](const write_request* x) {
    return write_transaction::foreign_keys_wanted(x->write).has_value();
  });
  if (migration != group.end())
    return static_cast<size_t>(migration - group.begin());
  auto synced = std::any_of(group.begin(), group.end(), [this](const write_request* x) {
    return work_.is_synced(x->level);
  });
  if (auto err = work_.begin(synced)) {
    for (auto* x : group)
      x->outcome = err;
    return std::nullopt;
  }
  for (size_t i = 0; i < group.size(); ++i) {
    auto& x = *group[i];
    auto err = work_.run_in_savepoint(x.write, x.outcome);
    if (!err && !work_.has_ended() && !is_in_doubt(x))
      continue;
    work_.roll_back();
    return i;
  }
  commit_together(group, synced);
  return std::nullopt;
}

void group_commit::commit_together(const members& group, bool synced) {
  auto err = work_.commit();
  auto busy = code_of(err) == ec::unavailable; // alone, each would only wait again
  for (auto* x : group) {
    if (!x->outcome)
      continue;
    if (!err)
      x->outcome->level = synced ? durability::disk : durability::ram;
    else if (busy)
      x->outcome = err;
    else if (!refuse_if_suspect(*x))
      run_alone(*x);
  }
}

void group_commit::run_alone(write_request& x) {
  if (refuse_if_suspect(x))
    return;
  auto synced = work_.is_synced(x.level);
  auto err = work_.begin_migration(x.write);
  auto attempt = [&] { return try_alone(x, synced); };
  if (!err)
    err = x.write.origin == sql_origin::user ? trial_.judge(attempt) : attempt();
  if (err)
    x.outcome = std::move(err);
  else
    x.outcome->level = synced ? durability::disk : durability::ram;
  work_.end_migration();
}

caf::error group_commit::try_alone(write_request& x, bool synced) {
  if (auto err = work_.begin(synced))
    return err;
  x.outcome = work_.run(x.write);
  auto err = commit_alone(x);
  if (err)
    work_.roll_back();
  return err;
}

/// Whether the write failed, and it is worth finding out by whose fault.
bool group_commit::is_in_doubt(const write_request& x) const {
  return !x.outcome && x.write.origin == sql_origin::user
         && trial_.is_open(x.outcome.error());
}

caf::error group_commit::commit_alone(write_request& x) {
  if (!x.outcome)
    return x.outcome.error();
  if (work_.has_ended())
    return caf::make_error(ec::refused, "the write ended its own transaction");
  if (auto err = work_.check_migration())
    return err;
  return work_.commit();
}

bool group_commit::refuse_if_suspect(write_request& x) {
  if (!work_.is_suspect() || x.level != durability::disk)
    return false;
  x.outcome = caf::make_error(
    ec::disk_failed, "the disk failed, and the database is not proven sound yet");
  return true;
}

} // namespace sluice

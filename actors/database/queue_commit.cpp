#include "actors/database/queue_commit.hpp"

#include "actors/database/queue_marks.hpp"
#include "actors/storage/sqlite_query.hpp"

#include <algorithm>
#include <utility>

namespace sluice {

namespace {

/// Whether the error is the write's own, and would come again whenever it is run.
bool is_own_fault(const caf::error& err) {
  auto code = code_of(err);
  return code == ec::refused || code == ec::invalid_argument || code == ec::too_large;
}

/// An error of the dead letters' file: it says nothing about the database.
caf::error about_file(caf::error err) {
  return code_of(err) == ec::disk_failed ? caf::make_error(ec::unavailable, text_of(err))
                                         : std::move(err);
}

} // namespace

void queue_commit::progress::add(const sql_write& x) {
  ++writes;
  bytes += sqlite::size_of(x);
  statements += x.rows.empty() ? x.statements.size() : x.rows.size();
}

sql_batch_outcome queue_commit::run(const sql_batch& batch) {
  outcome_ = {};
  outcome_.mark = {{}, batch.spool, batch.after};
  if (auto err = apply(batch)) {
    outcome_.code = code_of(err);
    outcome_.detail = text_of(err);
  }
  if (work_.commits() > 0 && work_.is_on_disk())
    outcome_.level = durability::disk;
  return std::move(outcome_);
}

caf::error queue_commit::apply(const sql_batch& batch) {
  auto mark = read_mark(work_.db(), batch.spool);
  if (!mark)
    return work_.note(std::move(mark.error()));
  outcome_.mark = std::move(*mark);
  const auto applied = outcome_.mark.seq;
  began_at_ = applied;
  // Commits were lost with an I/O error: what comes first must be applied first.
  if (applied < batch.after)
    return caf::none;
  if (work_.is_suspect())
    return caf::make_error(ec::disk_failed, "the disk failed, and the database is not "
                                            "proven sound yet");
  if (auto err = about_file(refused_.load(batch.spool, applied)))
    return err;
  auto first = std::find_if(batch.writes.begin(), batch.writes.end(),
                            [=](const queued_write& x) { return x.seq > applied; });
  auto to_disk = batch.level == durability::disk;
  if (first != batch.writes.end()) {
    synced_at_ = to_disk ? batch.writes.back().seq : 0;
    if (auto err = apply_in_order({first, batch.writes.end()}))
      return err;
  }
  return to_disk && !work_.is_on_disk() ? work_.sync() : caf::error{};
}

caf::error queue_commit::apply_in_order(writes xs) {
  while (!xs.empty()) {
    if (outcome_.mark.seq > began_at_ && until_.has_passed())
      return caf::none;
    std::optional<culprit> found;
    if (auto err = apply_together(xs, found))
      return err;
    if (!found)
      return caf::none;
    // They have run once within the time, and need not wait for another batch.
    auto until = std::exchange(until_, {});
    if (auto err = apply_in_order(xs.first(found->at)))
      return err;
    until_ = until;
    auto one = xs.subspan(found->at, 1);
    if (auto err =
          found->reason.empty() ? apply_alone(one) : set_aside(one, found->reason))
      return err;
    xs = xs.subspan(found->at + 1);
  }
  return caf::none;
}

/// Runs the writes in one transaction. `found` is set if one of them ended it; nothing is
/// applied then.
caf::error queue_commit::apply_together(writes xs, std::optional<culprit>& found) {
  if (auto err = work_.begin(is_synced(xs)))
    return err;
  progress done;
  caf::error full;
  for (size_t i = 0; i < xs.size(); ++i) {
    if (i > 0 && until_.has_passed())
      return finish(xs.first(i), done);
    const auto& x = xs[i];
    if (refused_.contains(x)) {
      done.passes_letters = true;
      continue;
    }
    auto reason = x.refusal;
    if (reason.empty()) {
      caf::expected<sql_receipt> receipt{ec::unavailable};
      auto err = work_.run_in_savepoint(*x.write.data, receipt);
      if (!err && !receipt && !is_own_fault(receipt.error()))
        err = receipt.error();
      if (err || work_.has_ended()) {
        work_.roll_back();
        if (err && !is_own_fault(err) && !trial_.is_open(err))
          return err;
        found = culprit{i};
        if (!receipt && is_own_fault(receipt.error()))
          found->reason = text_of(receipt.error());
        return caf::none;
      }
      if (receipt)
        done.add(*x.write.data);
      else
        reason = text_of(receipt.error());
    }
    if (reason.empty())
      continue;
    full = refuse(x, std::move(reason), done);
    if (full) {
      xs = xs.first(i);
      break;
    }
  }
  auto err = finish(xs, done);
  auto in_doubt = !letters_fail_ && trial_.is_open(err);
  if ((is_own_fault(err) || in_doubt) && xs.size() > 1) {
    // The commit failed by one of them, and only alone will it show which.
    found = culprit{};
    return caf::none;
  }
  return err ? std::move(err) : std::move(full);
}

caf::error queue_commit::apply_alone(writes one) {
  const auto& x = one.front();
  if (!x.refusal.empty() || refused_.contains(x))
    return set_aside(one, x.refusal);
  auto err = trial_.judge([&] { return try_alone(one); });
  return is_own_fault(err) ? set_aside(one, text_of(err)) : err;
}

caf::error queue_commit::try_alone(writes one) {
  const auto& x = one.front();
  if (auto err = work_.begin(is_synced(one)))
    return err;
  auto receipt = work_.run(*x.write.data);
  if (receipt && work_.has_ended())
    receipt = caf::make_error(ec::refused, "the write ended its own transaction");
  else if (receipt && work_.db().has_open_foreign_keys())
    receipt = caf::make_error(ec::refused, "FOREIGN KEY constraint failed");
  if (!receipt) {
    work_.roll_back();
    return std::move(receipt.error());
  }
  progress done;
  done.add(*x.write.data);
  return finish(one, done);
}

caf::error queue_commit::set_aside(writes one, std::string reason) {
  if (auto err = work_.begin(is_synced(one)))
    return err;
  progress done;
  done.passes_letters = true;
  if (!refused_.contains(one.front()))
    if (auto full = refuse(one.front(), std::move(reason), done)) {
      work_.roll_back();
      return full;
    }
  return finish(one, done);
}

/// Where the file is full, the write waits for somebody to move it away, and those behind
/// it as well: what is refused is never thrown away.
caf::error queue_commit::refuse(const queued_write& x, std::string reason,
                                progress& done) {
  if (auto full = refused_.check_room(done.refused_bytes))
    return full;
  done.passes_letters = true;
  done.refused.push_back({&x, std::move(reason)});
  done.refused_bytes += refused_.line_bytes(done.refused.back());
  return caf::none;
}

/// Brings the dead letters to disk, if there are any, and then commits, with the mark.
caf::error queue_commit::finish(writes xs, const progress& done) {
  if (xs.empty()) {
    work_.roll_back();
    return caf::none;
  }
  auto mark = outcome_.mark;
  mark.seq = xs.back().seq;
  auto err = work_.check_open();
  if (!err && done.passes_letters) {
    err = about_file(refused_.add(done.refused));
    letters_fail_ = bool{err};
  }
  if (!err) {
    outcome_.dead_letters += done.refused.size();
    err = work_.note(write_mark(work_.db(), mark));
  }
  if (err) {
    work_.roll_back();
    return err;
  }
  if (auto failed = work_.commit())
    return failed;
  refused_.passed(mark.seq);
  outcome_.mark = std::move(mark);
  outcome_.writes += done.writes;
  outcome_.bytes += done.bytes;
  outcome_.statements += done.statements;
  return caf::none;
}

/// Only the batch's last commit need be synced: it covers the others.
bool queue_commit::is_synced(writes xs) const {
  return work_.is_synced(xs.back().seq == synced_at_ ? durability::disk
                                                     : durability::ram);
}

} // namespace sluice

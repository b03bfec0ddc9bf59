#include "actors/database/write_trial.hpp"

#include "actors/storage/sqlite_memory.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

namespace sluice {

namespace {

/// Beyond what the write had written before it was refused more. What was written by then
/// may be had again; a disk that is full has nothing beyond it.
constexpr uint64_t more_bytes = 65'536;

/// Who has written so much wants more than an ordinary write does.
constexpr uint64_t room_bytes_max = 67'108'864;

/// Changes so many bytes of the row that `touch` has made.
caf::error change(sqlite::connection& db, uint64_t bytes) {
  auto x =
    db.prepare("UPDATE sluice_sync SET commits = zeroblob(?1)", sql_origin::sluice);
  if (!x)
    return std::move(x.error());
  if (auto err = x->bind({static_cast<int64_t>(bytes)}))
    return err;
  auto done = x->step();
  return done ? caf::error{} : std::move(done.error());
}

} // namespace

bool write_trial::is_open(const caf::error& err) const {
  if (failed_ || work_.is_suspect())
    return false;
  switch (code_of(err)) {
    case ec::disk_full:
    case ec::disk_failed:
    case ec::unavailable:
      return true;
    default:
      return false;
  }
}

caf::error write_trial::judge(const std::function<caf::error()>& attempt) {
  caf::error err;
  auto lacked = false;
  for (auto tries = 0; tries < 2; ++tries) {
    const auto begun = work_.begun();
    const auto before = work_.db().written_bytes();
    sqlite::forget_lack_of_memory();
    err = attempt();
    if (!is_open(err) || work_.begun() == begun)
      return err;
    lacked = lacked || sqlite::met_lack_of_memory();
    failed_ = !takes_ours(work_.db().written_bytes() - before);
    if (failed_)
      return err;
  }
  failed_ = lacked;
  if (failed_)
    return err;
  return caf::make_error(ec::refused,
                         text_of(err) + ": others are taken, and this one never is");
}

bool write_trial::takes_ours(uint64_t written) {
  if (!sqlite::lack_is_over() || !work_.db().can_sort())
    return false;
  if (make_room(std::min(written + more_bytes, room_bytes_max)))
    return false;
  auto err = work_.begin(false);
  if (!err)
    err = work_.touch();
  if (err) {
    work_.roll_back();
    return false;
  }
  return !work_.commit();
}

/// Brings so many bytes to where a commit's would go, and takes them back.
caf::error write_trial::make_room(uint64_t bytes) {
  auto err = work_.begin(false);
  if (!err)
    err = work_.touch();
  if (!err)
    err = work_.note(change(work_.db(), bytes));
  if (!err)
    err = work_.note(work_.db().write_out());
  work_.roll_back();
  return err;
}

} // namespace sluice

// What others do to the spool's files and to the file system around them.
//
// They may delete or rename the files, all or one, under a running service; what is taken
// in after that would survive nobody's death, so it is looked at before each request.
// That has to be cheap: a directory in which nothing was named anew or deleted since all
// files were seen in it holds them still, and of a burst of requests one looks for all.
// As long as the kernel has noted nothing of the kind, nobody looks up the path either,
// which among requests that come one by one costs more than the append itself.
#include "actors/storage/spool_journal.hpp"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <ctime>

namespace sluice {

namespace {

int64_t ns_of(const timespec& x) {
  return int64_t{x.tv_sec} * 1'000'000'000 + x.tv_nsec;
}

/// The clock by which the kernel notes changes of files.
int64_t kernel_tick_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return ns_of(now);
}

} // namespace

bool spool_journal::directory_is_named(struct stat& found) const {
  return ::stat(path_.c_str(), &found) == 0 && found.st_dev == device_
         && found.st_ino == inode_;
}

bool spool_journal::files_are_linked() const {
  return header_.is_linked()
         && std::all_of(segments_.begin(), segments_.end(),
                        [](const auto& each) { return each.second->is_linked(); });
}

bool spool_journal::files_are_named() const {
  return header_.is_named(directory_.get())
         && std::all_of(segments_.begin(), segments_.end(), [&](const auto& each) {
              return each.second->is_named(directory_.get());
            });
}

bool spool_journal::files_are_there() {
  struct stat found {};
  if (!directory_is_named(found))
    return false;
  const auto changed_ns = ns_of(found.st_ctim);
  is_settled_ = changed_ns == settled_ns_;
  if (is_settled_)
    return true;
  const auto tick_ns = kernel_tick_ns();
  // Our own segments come and go under load, and several changes in one tick may look
  // like one: all files are looked at once a tick then, those that matter most each time.
  if (tick_ns == tick_ns_ && changed_ns == seen_ns_)
    return header_.is_linked() && tail_->is_linked();
  tick_ns_ = tick_ns;
  seen_ns_ = changed_ns;
  if (!files_are_linked())
    return false;
  // Whatever else happens in the tick of a change may not show.
  if (changed_ns < tick_ns)
    settled_ns_ = changed_ns;
  return true;
}

void spool_journal::look_for_files(std::chrono::steady_clock::time_point now) {
  if (now - looked_at_ < spool::look_pause && now >= looked_at_)
    return;
  looked_at_ = now;
  // What is noted from here on counts for the next look.
  const bool quiet = watch_.is_quiet();
  if (quiet && is_settled_ && now - looked_up_at_ < spool::mount_look_pause)
    return;
  looked_up_at_ = now;
  gone_ = gone_ || !files_are_there();
}

bool spool_journal::check_place() {
  struct stat found {};
  gone_ = gone_ || !directory_is_named(found) || !files_are_named();
  return available();
}

// -- room that others take ---------------------------------------------------------

/// Says why there is no new file, and who has the room; `bytes_beyond` is what is missed
/// besides a spare.
caf::error spool_journal::crowded_out(const caf::error& reason, uint64_t bytes_beyond) {
  bytes_missed_ = bytes_beyond;
  crowded_out_ = "the spool " + path_ + " cannot grow: " + text_of(reason);
  struct statvfs info {};
  if (code_of(reason) == ec::disk_full && ::fstatvfs(directory_.get(), &info) == 0) {
    const auto all = uint64_t{info.f_blocks} * info.f_frsize;
    const auto taken = all - uint64_t{info.f_bavail} * info.f_frsize;
    const auto ours = segment_sum_ + (spare_ ? spare_->size() : 0);
    if (info.f_files > 0 && info.f_favail == 0)
      crowded_out_ += ", no inode left of " + std::to_string(info.f_files);
    else
      crowded_out_ += ", others use " + std::to_string(taken - std::min(taken, ours))
                      + " of its " + std::to_string(all) + " bytes";
    crowded_out_ += "; remove files there, or name another place with spool.dir";
  }
  return caf::make_error(ec::overloaded, crowded_out_);
}

/// Room that others gave back is seen here too, without an append.
bool spool_journal::is_crowded_out() {
  struct statvfs info {};
  if (!crowded_out_.empty() && available() && !win_spare()
      && ::fstatvfs(directory_.get(), &info) == 0
      && uint64_t{info.f_bavail} * info.f_frsize >= bytes_missed_)
    room_was_won();
  return !crowded_out_.empty();
}

} // namespace sluice

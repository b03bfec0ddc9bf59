#include "actors/storage/dead_letters.hpp"

#include "actors/detail/wall_clock.hpp"
#include "actors/storage/folder.hpp"
#include "actors/storage/system_error.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice {

namespace {

/// Lines looked at first; more if all of them are of interest.
constexpr uint64_t lines_first = 64;
constexpr size_t read_bytes_max = 1'073'741'824;

/// LF included, if there is one.
std::string_view first_line(std::string_view lines) {
  return lines.substr(0, std::min(lines.find('\n'), lines.size() - 1) + 1);
}

} // namespace

caf::expected<int64_t> last_dead_letter_ms(const std::string& path) {
  const auto there = look_at(path);
  if (there.problem != 0 && !there.absent())
    return system_failure("look at", path, there.problem);
  return there.size == 0 ? int64_t{0} : there.modified_ns / 1'000'000;
}

caf::expected<uint64_t> dead_letter_bytes(const std::string& path) {
  const auto there = look_at(path);
  if (there.problem != 0 && !there.absent())
    return system_failure("look at", path, there.problem);
  return static_cast<uint64_t>(there.size);
}

caf::error dead_letters::open() {
  if (file_) {
    auto named = file_->still_named();
    if (!named || *named)
      return named ? caf::error{} : std::move(named.error());
  }
  if (!cfg_.identity_file.empty() && ::access(cfg_.identity_file.c_str(), F_OK) != 0)
    return system_failure("the data directory is gone, find", cfg_.identity_file, errno);
  auto opened = append_file::open(cfg_.directory, cfg_.name, cfg_.rights);
  if (!opened)
    return std::move(opened.error());
  // Its lines may be gone with it, or never reach the disk: they are written anew.
  const auto lost = unsynced_ && !known_.empty();
  file_ = std::move(*opened);
  suspect_ = false;
  unsynced_ = false;
  if (!lost)
    return caf::none;
  forget();
  return caf::make_error(ec::unavailable, "somebody took " + file_->path()
                                            + " away before all its lines were on disk");
}

caf::error dead_letters::load(const std::string& spool, uint64_t after) {
  if (spool == spool_)
    return caf::none;
  known_.clear();
  auto there = folder{cfg_.directory}.find(cfg_.name);
  if (!there)
    return std::move(there.error());
  if (!*there) {
    spool_ = spool;
    return caf::none;
  }
  if (auto err = open())
    return err;
  spool_ = spool;
  size_t seen = 0;
  for (auto n = lines_first;; n *= 2) {
    auto end = file_->tail(n, read_bytes_max, {}, io_);
    if (!end || end->cut) {
      forget();
      return end ? caf::make_error(ec::too_large, "the last lines of " + file_->path()
                                                    + " take too many bytes")
                 : std::move(end.error());
    }
    const auto& lines = end->text;
    // Somebody may have made it shorter than it was left.
    const auto all = lines.size() >= file_->end() || lines.size() == seen;
    seen = lines.size();
    if (learn(lines, after) || all)
      return doubt(lines);
  }
}

/// Whoever wrote the known lines died before their commit, and may have taken the
/// kernel's only word of a failed sync along: they are written again before any sync
/// counts. If others wrote in between, whose bytes are not ours to cut, the file is set
/// aside then.
caf::error dead_letters::doubt(std::string_view lines) {
  if (known_.empty())
    return caf::none;
  unsynced_ = true;
  suspect_ = true;
  while (!is_known(first_line(lines)))
    lines.remove_prefix(first_line(lines).size());
  const auto from = file_->end() - lines.size();
  const auto whole = static_cast<size_t>(std::count(lines.begin(), lines.end(), '\n'));
  return file_->doubt_from(from, whole == known_.size() ? lines : "", io_);
}

bool dead_letters::is_known(std::string_view line) const {
  const auto seq = number_of(line, spool_);
  return seq && known_.contains(*seq);
}

/// Returns whether an older line is among them: lines come in the order of their spools
/// and numbers, so that none of interest is before it. Half a line that a death left, or
/// what others wrote, is none.
bool dead_letters::learn(std::string_view lines, uint64_t after) {
  auto older = false;
  known_.clear();
  while (!lines.empty()) {
    const auto line = first_line(lines);
    lines.remove_prefix(line.size());
    auto seq = number_of(line, spool_);
    if (seq && *seq > after)
      known_.insert(*seq);
    else if (is_dead_letter(line))
      older = true;
  }
  return older;
}

caf::error dead_letters::add(const std::vector<dead_letter>& letters) {
  if (letters.empty() && !unsynced_)
    return caf::none;
  if (auto err = open())
    return err;
  if (suspect_)
    if (auto err = mend()) {
      // What of our lines the file holds now, only a look into it tells.
      forget();
      return err;
    }
  if (auto err = append(letters))
    return err;
  return sync();
}

/// After a failed sync: what it was to bring to disk is written again.
caf::error dead_letters::mend() {
  if (!file_->unsynced_is_ours()) {
    auto aside = file_->set_aside();
    file_.reset();
    if (!aside)
      return std::move(aside.error());
    return caf::make_error(ec::unavailable,
                           "a sync failed, and others wrote to the file, "
                           "which is set aside as "
                             + *aside);
  }
  auto lines = file_->read_unsynced(io_);
  if (!lines)
    return std::move(lines.error());
  if (auto err = file_->rewrite_unsynced(*lines, io_))
    return err;
  suspect_ = false;
  return caf::none;
}

caf::error dead_letters::append(const std::vector<dead_letter>& letters) {
  std::string lines;
  std::vector<std::pair<uint64_t, size_t>> ends;
  const auto now = detail::wall_clock_ms();
  for (const auto& x : letters) {
    lines += line_of(spool_, x, now);
    ends.emplace_back(x.what->seq, lines.size());
  }
  if (lines.empty())
    return caf::none;
  if (auto place = file_->make_ready(io_); !place)
    return std::move(place.error());
  auto done = file_->append(lines);
  io_ += done.io;
  for (auto [seq, end] : ends)
    if (end <= done.bytes) {
      known_.insert(seq);
      unsynced_ = true;
    }
  return done.problem;
}

caf::error dead_letters::sync() {
  auto end = file_->end();
  ++io_.syncs;
  if (auto err = file_->sync()) {
    suspect_ = true;
    return err;
  }
  file_->mark_synced(end);
  unsynced_ = false;
  return caf::none;
}

} // namespace sluice

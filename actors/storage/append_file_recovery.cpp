// What a file holds after something went wrong, and how it is mended. Bytes are cut off
// in one place only: what a failed sync has put in doubt, if it is ours and the end.

#include "actors/storage/append_file.hpp"
#include "actors/storage/system_error.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace sluice {

namespace {

/// More than this is not read back after a failed sync.
constexpr uint64_t read_back_bytes_max = 67'108'864;

/// Names tried for a file that is set aside.
constexpr int aside_names_max = 1000;

} // namespace

caf::expected<append_file::remains>
append_file::find_remains(uint64_t offset, std::string_view lines, io_counts& io) {
  if (auto err = look_around())
    return err;
  if (end_ <= offset)
    return remains{0, end_ < offset};
  auto found = read(offset, std::min<uint64_t>(lines.size(), end_ - offset), io);
  if (!found)
    return std::move(found.error());
  const auto& there = *found;
  auto same = static_cast<uint64_t>(
    std::mismatch(there.begin(), there.end(), lines.begin()).first - there.begin());
  if (offset + same == end_) {
    needs_newline_ = false;
    return remains{same, false};
  }
  if (same == lines.size())
    return remains{same, false};
  auto newline = lines.substr(0, same).rfind('\n');
  return remains{newline == lines.npos ? 0 : newline + 1, true};
}

void append_file::claim_unsynced(std::string_view lines, uint64_t until, io_counts& io) {
  if (lines.size() > until || until > end_)
    return;
  auto from = until - lines.size();
  auto there = read(from, lines.size(), io);
  if (there && *there == lines)
    synced_ = std::min(synced_, from);
}

caf::error append_file::doubt_from(uint64_t offset, std::string_view lines,
                                   io_counts& io) {
  synced_ = std::min(offset, end_);
  touched_ = end_ < offset || end_ - offset > lines.size();
  if (touched_)
    return caf::none;
  auto found = read(offset, end_ - offset, io);
  if (!found)
    return std::move(found.error());
  const auto is_left = [](char there, char ours) { return there == ours || there == 0; };
  touched_ = !std::equal(found->begin(), found->end(), lines.begin(), is_left);
  return caf::none;
}

bool append_file::unsynced_is_ours() const {
  return !touched_ && ends_as_left();
}

caf::expected<std::string> append_file::read_unsynced(io_counts& io) const {
  if (end_ - synced_ > read_back_bytes_max)
    return caf::make_error(ec::disk_failed, path_
                                              + ": too much was written since the last "
                                                "good sync to be written again");
  return read(synced_, end_ - synced_, io);
}

caf::error append_file::rewrite_unsynced(std::string_view lines, io_counts& io) {
  if (!unsynced_is_ours() || lines.size() < end_ - synced_)
    return caf::make_error(ec::disk_failed,
                           path_
                             + ": what was written since the last good sync is not "
                               "ours alone and cannot be written again");
  const auto failures = gate_.failures();
  if (::ftruncate(file_.get(), static_cast<off_t>(synced_)) != 0)
    return system_failure("truncate", path_, errno);
  end_ = synced_;
  auto again = append(lines);
  io += again.io;
  if (!again.problem)
    made_good_ = failures;
  return again.problem;
}

caf::expected<std::string> append_file::set_aside() {
  auto slash = path_.rfind('/');
  auto name = path_.substr(slash + 1);
  for (int i = 1; i <= aside_names_max; ++i) {
    auto aside = name + ".aside-" + std::to_string(i);
    if (::renameat2(directory_->get(), name.c_str(), directory_->get(), aside.c_str(),
                    RENAME_NOREPLACE)
        == 0) {
      entry_unsynced_.store(true);
      return path_.substr(0, slash + 1) + aside;
    }
    if (errno != EEXIST)
      break;
  }
  return system_failure("set aside", path_, errno);
}

} // namespace sluice

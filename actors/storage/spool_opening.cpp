// How a spool begins: it goes on with what an earlier life left, or is made anew. What
// holds items that it cannot take over is refused, and left as it is.
#include "actors/storage/spool_journal.hpp"
#include "actors/storage/spool_place.hpp"
#include "actors/storage/system_error.hpp"
#include "messages/error.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice {

using namespace spool_format;

namespace {

/// Records larger than this part of a segment may get one of their own, so there are
/// never more segments than such parts in all.
constexpr size_t parts_of_segment = 4;

/// Where files may not grow that large, they are smaller, and more.
size_t segment_bytes_for(size_t max_bytes) {
  rlimit file{};
  auto most = size_t{1'048'576};
  if (::getrlimit(RLIMIT_FSIZE, &file) == 0)
    most = std::clamp<rlim_t>(file.rlim_cur, 65'536, most);
  auto bytes = std::clamp<size_t>(max_bytes / 32, 65'536, most);
  return bytes / page_bytes * page_bytes;
}

/// And what to do, for one that another service uses.
std::string whose_it_is(const std::string& dir) {
  const auto owner = spool_owner(dir);
  if (!owner || !*owner)
    return "";
  return ", on the data directory " + (*owner)->data_dir
         + ": stop that one, or name another place for this one with spool.dir";
}

} // namespace

spool_journal::spool_journal(const spool_config& config)
    : max_bytes_(config.max_bytes), segment_bytes_(segment_bytes_for(config.max_bytes)),
      path_(config.dir) {
  identity_.boot_id = current_boot();
  config.data_id.copy(identity_.data_id.data(), identity_.data_id.size() - 1);
}

caf::expected<std::unique_ptr<spool_journal>>
spool_journal::open(const spool_config& config) {
  if (config.max_bytes < spool_bytes_min || config.data_id.size() >= sizeof(short_text))
    return caf::make_error(ec::invalid_setting,
                           "a spool takes " + std::to_string(spool_bytes_min)
                             + " bytes at least, and an identity of 63 at most");
  std::unique_ptr<spool_journal> result{new spool_journal(config)};
  if (auto err = result->open_directory(config.dir))
    return err;
  if (auto err = result->open_files(config))
    return err;
  return result;
}

caf::error spool_journal::open_directory(const std::string& dir) {
  if (!make_spool_directory(dir))
    return system_failure("make spool directory", dir, errno);
  directory_ =
    unique_fd{::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  struct stat info {};
  if (!directory_ || ::fstat(directory_.get(), &info) != 0)
    return system_failure("open spool directory", dir, errno);
  const auto mine = info.st_uid == ::geteuid();
  if (!mine || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return caf::make_error(
      ec::unavailable,
      "the spool " + dir
        + (mine ? " may be written by its group or by everybody: chmod go-w " + dir
                : " is another user's: name one with spool.dir"));
  device_ = info.st_dev;
  inode_ = info.st_ino;
  watch_.begin(dir);
  return caf::none;
}

caf::error spool_journal::open_files(const spool_config& config) {
  auto header = spool_header::lock(directory_.get());
  if (!header)
    return caf::make_error(code_of(header.error()), "the spool " + path_ + " "
                                                      + text_of(header.error())
                                                      + whose_it_is(path_));
  auto found = read_spool(path_);
  if (!found)
    return std::move(found.error());
  if (!*found)
    return begin(config);
  const auto& contents = **found;
  if (contents.identity.data_id == identity_.data_id)
    return adopt(config, contents, std::move(*header));
  if (!contents.has_unreleased())
    return begin(config);
  return caf::make_error(
    ec::unavailable,
    "the spool " + path_ + " belongs to the data directory " + contents.data_dir + " ("
      + text_of(contents.identity.data_id) + "), not to " + config.data_dir
      + ", and holds what is not on disk yet: " + summary_of(contents)
      + ". To bring it to disk, start sluiced with that data directory, put back if it "
        "was moved; to do without, move the spool away. `sluicectl spool "
      + path_ + "` tells more");
}

// -- a new one ---------------------------------------------------------------------

caf::error spool_journal::begin(const spool_config& config) {
  identity_.spool_id = random_spool_id();
  id_ = text_of(identity_.spool_id);
  auto header =
    spool_header::create(directory_.get(), identity_, config.data_dir,
                         parts_of_segment * (max_bytes_ / segment_bytes_ + 1));
  if (!header)
    return std::move(header.error());
  header_ = std::move(*header);
  // The new header lists none: what is there is an empty one's.
  remove_files(false);
  ::unlinkat(directory_.get(), spare_name, 0);
  auto err = roll();
  if (!err)
    err = ensure_spare();
  if (err)
    remove_files(true);
  return err;
}

/// Removes our files in the directory, those that the header lists too or not. Others
/// are left alone.
void spool_journal::remove_files(bool listed_too) {
  std::vector<std::string> names;
  auto* listing = ::opendir(path_.c_str());
  if (listing == nullptr)
    return;
  while (const auto* entry = ::readdir(listing))
    names.emplace_back(entry->d_name);
  ::closedir(listing);
  for (const auto& name : names) {
    auto listed = std::any_of(segments_.begin(), segments_.end(), [&](const auto& each) {
      return spool_segment::name_of(each.first) == name;
    });
    auto is_file = name.ends_with(segment_suffix) || name.ends_with(".new");
    if ((is_file && (listed_too || !listed))
        || (listed_too && (name == header_name || name == spare_name)))
      ::unlinkat(directory_.get(), name.c_str(), 0);
  }
}

// -- one of an earlier life --------------------------------------------------------

caf::error spool_journal::adopt(const spool_config& config,
                                const spool_contents& contents, unique_fd header) {
  identity_.spool_id = contents.identity.spool_id;
  id_ = text_of(identity_.spool_id);
  auto adopted =
    spool_header::adopt(directory_.get(), std::move(header), config.data_dir,
                        parts_of_segment * (max_bytes_ / segment_bytes_ + 1));
  if (!adopted)
    return std::move(adopted.error());
  header_ = std::move(*adopted);
  for (auto number : contents.retired)
    header_.unlist(number);
  for (const auto& each : contents.segments) {
    auto segment = spool_segment::adopt(directory_.get(), identity_, each.number);
    if (!segment)
      return std::move(segment.error());
    segment_sum_ += each.bytes;
    last_number_ = std::max(last_number_, each.number);
    segments_[each.number] = std::move(*segment);
  }
  for (const auto& [id, lane] : contents.lanes)
    adopt_lane(id, lane);
  remove_files(false);
  adopt_spare();
  if (auto err = roll())
    if (!resume_tail())
      return err;
  // A note that is void is dropped for good.
  for (const auto& [id, lane] : contents.lanes)
    if (lane.note_void) {
      ++notes_dropped_;
      mark(*find(id));
    }
  if (contents.replay.current_lane != 0)
    header_.set_replay(contents.after_death());
  return caf::none;
}

void spool_journal::adopt_lane(lane_id id, const spool_contents::lane& found) {
  auto& entry = add_lane(id);
  entry.state = found.state;
  entry.version = found.version;
  entry.stated_in = found.stated_in;
  entry.last_in = found.last_in;
  names_[{found.state.kind, found.state.name}] = id;
  statement_sum_ += lane_bytes(found.state.name.size());
  for (const auto& record : found.records) {
    note_data(entry, *segments_[record.segment], record.last_seq, record.bytes);
    mark_extents_written(entry);
  }
}

/// Goes on with the segment that has the most room, where others have filled the file
/// system.
bool spool_journal::resume_tail() {
  for (auto& [number, segment] : segments_)
    if (segment->resume(identity_)
        && (tail_ == nullptr || segment->room() > tail_->room()))
      tail_ = segment.get();
  if (tail_ == nullptr)
    return false;
  free_dead();
  return true;
}

/// The spare's pages are room that we have already, which may be all that there is.
void spool_journal::adopt_spare() {
  auto file = spool_mapping::open(directory_.get(), spare_name, true);
  if (file && file->size() == segment_bytes_
      && ::posix_fallocate(file->descriptor(), 0, static_cast<off_t>(segment_bytes_))
           == 0)
    spare_ = std::move(*file);
  else
    ::unlinkat(directory_.get(), spare_name, 0);
}

// -- one in the place of another ---------------------------------------------------

caf::expected<std::unique_ptr<spool_journal>>
spool_journal::renew(const spool_config& config, const spool_journal& old) {
  std::unique_ptr<spool_journal> result{new spool_journal(config)};
  if (auto err = result->open_directory(config.dir))
    return err;
  old.remove_own_files(result->directory_.get());
  auto found = read_spool(config.dir);
  if (!found)
    return std::move(found.error());
  // Our own header is gone by now: whoever holds this one is somebody else.
  if (*found && ((*found)->has_unreleased() || spool_in_use(config.dir)))
    return caf::make_error(ec::unavailable,
                           "the spool " + config.dir + " was taken by another service");
  if (auto err = result->begin(config))
    return err;
  result->inherit(old);
  return result;
}

void spool_journal::remove_own_files(int directory) const {
  if (header_.is_named(directory))
    ::unlinkat(directory, header_name, 0);
  for (const auto& [number, segment] : segments_)
    if (segment->is_named(directory))
      ::unlinkat(directory, spool_segment::name_of(number).c_str(), 0);
  if (spare_ && spare_->is_named(directory, spare_name))
    ::unlinkat(directory, spare_name, 0);
}

bool spool_journal::remove_empty() {
  if (unwritten_ + kept_ > 0)
    return false;
  remove_own_files(directory_.get());
  gone_ = true;
  ::rmdir(path_.c_str());
  return true;
}

void spool_journal::inherit(const spool_journal& old) {
  refusals_ = old.refusals_;
  lane_refusals_ = old.lane_refusals_;
  moved_bytes_ = old.moved_bytes_;
  names_ = old.names_;
  last_lane_ = old.last_lane_;
  for (const auto& [lane, each] : old.lanes_) {
    if (!each)
      continue;
    auto& entry = add_lane(lane);
    entry.unused = each->unused;
    entry.state = each->state;
    entry.state.written = entry.state.released = entry.state.appended;
    entry.state.note.reset();
    entry.state.doubt.reset();
  }
  for (const auto& [lane, each] : old.lanes_)
    if (each && each->state.appended > 0)
      mark(*find(lane));
}

} // namespace sluice

#include "actors/storage/append_file.hpp"

#include "actors/storage/file_io.hpp"
#include "actors/storage/folder.hpp"
#include "actors/storage/regular_file.hpp"
#include "actors/storage/system_error.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace sluice {

append_file::append_file(std::string path, unique_fd file,
                         std::shared_ptr<open_folder> in)
    : path_(std::move(path)), file_(std::move(file)), directory_(std::move(in)),
      directory_failures_(directory_->failures()) {}

caf::expected<std::shared_ptr<append_file>>
append_file::open(const std::string& directory, const std::string& name,
                  file_rights rights) {
  auto path = directory + "/" + name;
  auto in = open_folder::at(directory);
  if (!in)
    return std::move(in.error());
  auto file = open_regular(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, rights.file);
  if (!file)
    return std::move(file.error());
  std::shared_ptr<append_file> result{
    new append_file(path, std::move(*file), std::move(*in))};
  if (auto err = result->prepare())
    return err;
  return result;
}

caf::expected<std::shared_ptr<append_file>>
append_file::find(const std::string& directory, const file_position& where) {
  auto names = folder{directory}.names();
  if (!names)
    return std::move(names.error());
  const auto wanted = file_identity{where.device, where.inode};
  for (const auto& name : *names) {
    auto there = look_at(directory + "/" + name);
    if (there.problem == 0 && there.regular && there.identity == wanted)
      return open(directory, name);
    // It may be the one: only what is not there is not.
    if (there.problem != 0 && !there.absent())
      return system_failure("look at", directory + "/" + name, there.problem);
  }
  return std::shared_ptr<append_file>{};
}

caf::expected<std::shared_ptr<append_file>>
append_file::find(const std::string& directory, const std::string& name) {
  auto there = folder{directory}.find(name);
  if (!there)
    return std::move(there.error());
  return *there ? open(directory, name) : std::shared_ptr<append_file>{};
}

caf::error append_file::prepare() {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0)
    return system_failure("stat", path_, errno);
  device_ = info.st_dev;
  inode_ = info.st_ino;
  end_ = static_cast<uint64_t>(info.st_size);
  synced_ = end_;
  return look_at_end();
}

/// Finds out whether the file ends in the middle of a line.
caf::error append_file::look_at_end() {
  char last = '\n';
  io_counts unused;
  if (end_ > 0 && read_at(file_.get(), &last, 1, end_ - 1, unused) != 1)
    return system_failure("read", path_, errno);
  needs_newline_ = last != '\n';
  return caf::none;
}

/// Takes note of what others did to the file.
caf::error append_file::look_around() {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0)
    return system_failure("stat", path_, errno);
  const auto size = static_cast<uint64_t>(info.st_size);
  if (size == end_)
    return caf::none;
  touched_ = true;
  end_ = size;
  synced_ = std::min(synced_, end_);
  return look_at_end();
}

caf::expected<file_position> append_file::make_ready(io_counts& io) {
  if (auto err = look_around())
    return err;
  if (needs_newline_) {
    if (write_some(file_.get(), "\n", io) != 1)
      return system_failure("write", path_, errno);
    needs_newline_ = false;
    touched_ = true;
    ++end_;
  }
  return position();
}

append_file::appended append_file::append(std::string_view lines) {
  appended result;
  // A second round happens only after a short write.
  for (auto rest = lines; !rest.empty(); rest = lines.substr(result.bytes)) {
    auto written = write_some(file_.get(), rest, result.io);
    if (written <= 0) {
      result.problem = system_failure("write", path_, written == 0 ? ENOSPC : errno);
      break;
    }
    result.bytes += static_cast<uint64_t>(written);
  }
  end_ += result.bytes;
  if (result.problem)
    cut_to_whole_lines(lines, result);
  return result;
}

void append_file::cut_to_whole_lines(std::string_view lines, appended& result) {
  auto newline = lines.substr(0, result.bytes).rfind('\n');
  auto whole = newline == std::string_view::npos ? 0 : newline + 1;
  auto excess = result.bytes - whole;
  if (excess == 0)
    return;
  if (ends_as_left()
      && ::ftruncate(file_.get(), static_cast<off_t>(end_ - excess)) == 0) {
    end_ -= excess;
    result.bytes = whole;
    result.io.write_bytes -= std::min<uint64_t>(excess, result.io.write_bytes);
  }
}

append_file::appended append_file::append_whole(std::string_view lines) {
  auto before = end_;
  auto result = append(lines);
  if (result.problem && end_ > before && !cut(before)) {
    result.io.write_bytes -= std::min(result.bytes, result.io.write_bytes);
    result.bytes = 0;
  }
  return result;
}

caf::error append_file::cut(uint64_t end) {
  if (!ends_as_left())
    return caf::make_error(ec::disk_failed, path_ + " does not end where it was left");
  if (::ftruncate(file_.get(), static_cast<off_t>(end)) != 0)
    return system_failure("truncate", path_, errno);
  end_ = end;
  needs_newline_ = false;
  return caf::none;
}

caf::error append_file::sync() {
  // The entry first: a synced file that no directory names is lost all the same.
  if (entry_unsynced_.load()) {
    if (const auto problem = directory_->sync(directory_failures_); problem != 0)
      return sync_failure("directory of " + path_, problem);
    entry_unsynced_.store(false);
  }
  const auto problem = gate_.run(made_good_);
  return problem == 0 ? caf::error{} : sync_failure(path_, problem);
}

caf::error append_file::sync_file_system() const {
  const auto problem = sync_gate::file_system_of(directory_->get())();
  return problem == 0 ? caf::error{}
                      : sync_failure("the file system of " + path_, problem);
}

void append_file::mark_synced(uint64_t end) {
  synced_ = std::max(synced_, end);
  if (synced_ >= end_)
    touched_ = false;
}

caf::expected<bool> append_file::still_named() const {
  auto there = look_at(path_);
  if (there.problem != 0 && !there.absent())
    return system_failure("look at", path_, there.problem);
  return there.problem == 0 && there.identity == file_identity{device_, inode_};
}

bool append_file::ends_as_left() const {
  struct stat info {};
  return ::fstat(file_.get(), &info) == 0 && static_cast<uint64_t>(info.st_size) == end_;
}

} // namespace sluice

#include "actors/storage/append_file.hpp"

#include "actors/storage/read_range.hpp"
#include "actors/storage/system_error.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace sluice {

namespace {

constexpr mode_t file_mode = 0640;
constexpr size_t block_bytes = 65'536;

/// More than this is not read back after a failed sync.
constexpr uint64_t rewrite_bytes_max = 67'108'864;

ssize_t write_some(int fd, std::string_view bytes, io_counts& io) {
  ssize_t written;
  do {
    written = ::write(fd, bytes.data(), bytes.size());
  } while (written < 0 && errno == EINTR);
  ++io.writes;
  if (written > 0)
    io.write_bytes += static_cast<uint64_t>(written);
  return written;
}

ssize_t read_at(int fd, char* buffer, size_t size, uint64_t offset, io_counts& io) {
  ssize_t got;
  do {
    got = ::pread(fd, buffer, size, static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  ++io.reads;
  if (got > 0)
    io.read_bytes += static_cast<uint64_t>(got);
  return got;
}

} // namespace

append_file::append_file(std::string path, unique_fd file, unique_fd directory,
                         bool created)
    : path_(std::move(path)), file_(std::move(file)), directory_(std::move(directory)),
      entry_unsynced_(created) {}

caf::expected<std::shared_ptr<append_file>>
append_file::open(const std::string& directory, const std::string& name) {
  auto path = directory + "/" + name;
  unique_fd folder{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!folder)
    return system_failure("open directory", directory, errno);
  constexpr int flags = O_RDWR | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  auto created = false;
  unique_fd file{::openat(folder.get(), name.c_str(), flags)};
  if (!file && errno == ENOENT) {
    created = true;
    file = unique_fd{::openat(folder.get(), name.c_str(), flags | O_CREAT, file_mode)};
  }
  if (!file)
    return system_failure("open", path, errno);
  std::shared_ptr<append_file> result{
    new append_file(path, std::move(file), std::move(folder), created)};
  if (auto err = result->prepare())
    return err;
  return result;
}

caf::expected<std::shared_ptr<append_file>>
append_file::find(const std::string& directory, const std::string& name) {
  struct stat info {};
  auto path = directory + "/" + name;
  if (::lstat(path.c_str(), &info) == 0)
    return open(directory, name);
  if (errno == ENOENT)
    return std::shared_ptr<append_file>{};
  return system_failure("stat", path, errno);
}

caf::error append_file::prepare() {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0)
    return system_failure("stat", path_, errno);
  if (!S_ISREG(info.st_mode))
    return caf::make_error(ec::disk_failed, path_ + " is not a regular file");
  device_ = info.st_dev;
  inode_ = info.st_ino;
  end_ = static_cast<uint64_t>(info.st_size);
  synced_ = end_;
  if (end_ > 0) {
    char last = '\n';
    io_counts unused;
    if (read_at(file_.get(), &last, 1, end_ - 1, unused) != 1)
      return system_failure("read", path_, errno);
    needs_newline_ = last != '\n';
  }
  return caf::none;
}

append_file::appended append_file::append(std::string_view lines) {
  appended result;
  if (needs_newline_) {
    if (write_some(file_.get(), "\n", result.io) != 1) {
      result.problem = system_failure("write", path_, errno);
      return result;
    }
    needs_newline_ = false;
    ++end_;
  }
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
  struct stat info {};
  auto ours =
    ::fstat(file_.get(), &info) == 0 && static_cast<uint64_t>(info.st_size) == end_;
  if (ours && ::ftruncate(file_.get(), static_cast<off_t>(end_ - excess)) == 0) {
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

caf::expected<std::string> append_file::read(uint64_t offset, uint64_t size,
                                             io_counts& io) const {
  return read_range(file_.get(), path_, offset, size, io);
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

void append_file::doubt() {
  synced_ = 0;
  entry_unsynced_.store(true);
}

caf::error append_file::sync() {
  // The entry first: a synced file that no directory names is lost all the same.
  if (entry_unsynced_.load()) {
    if (::fsync(directory_.get()) != 0)
      return system_failure("sync directory of", path_, errno);
    entry_unsynced_.store(false);
  }
  if (::fdatasync(file_.get()) != 0)
    return system_failure("sync", path_, errno);
  return caf::none;
}

caf::error append_file::rewrite_unsynced(io_counts& io) {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0)
    return system_failure("stat", path_, errno);
  if (static_cast<uint64_t>(info.st_size) != end_ || end_ - synced_ > rewrite_bytes_max)
    return caf::make_error(ec::disk_failed,
                           path_
                             + ": what was written since the last good sync cannot "
                               "be written again");
  std::string bytes(end_ - synced_, '\0');
  for (size_t done = 0; done < bytes.size();) {
    auto got =
      read_at(file_.get(), bytes.data() + done, bytes.size() - done, synced_ + done, io);
    if (got <= 0)
      return system_failure("read back", path_, got == 0 ? EIO : errno);
    done += static_cast<size_t>(got);
  }
  if (::ftruncate(file_.get(), static_cast<off_t>(synced_)) != 0)
    return system_failure("truncate", path_, errno);
  end_ = synced_;
  auto again = append(bytes);
  io += again.io;
  return again.problem;
}

bool append_file::still_named() const {
  struct stat info {};
  return ::lstat(path_.c_str(), &info) == 0 && info.st_dev == device_
         && info.st_ino == inode_;
}

bool append_file::ends_as_left() const {
  struct stat info {};
  return ::fstat(file_.get(), &info) == 0 && static_cast<uint64_t>(info.st_size) == end_;
}

caf::expected<uint64_t> append_file::start_of_last(uint64_t lines, uint64_t size,
                                                   io_counts& io) const {
  std::string block;
  // The newline that ends the last line does not count, so n lines begin behind the
  // (n + 1)th newline from the end.
  auto newlines = uint64_t{0};
  for (auto from = size; from > 0;) {
    auto step = std::min<uint64_t>(block_bytes, from);
    block.resize(step);
    from -= step;
    if (read_at(file_.get(), block.data(), step, from, io) != static_cast<ssize_t>(step))
      return system_failure("read", path_, errno);
    if (from + step == size && block.back() != '\n')
      ++newlines;
    for (auto i = step; i-- > 0;)
      if (block[i] == '\n' && ++newlines > lines)
        return from + i + 1;
  }
  return uint64_t{0};
}

caf::expected<std::string> append_file::tail(uint64_t lines, size_t bytes_max,
                                             io_counts& io) const {
  // Asked of the system, since others may append too.
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0)
    return system_failure("stat", path_, errno);
  auto size = static_cast<uint64_t>(info.st_size);
  auto start = start_of_last(lines, size, io);
  if (!start)
    return std::move(start.error());
  std::string text(size - *start, '\0');
  if (text.size() > bytes_max)
    return caf::make_error(ec::too_large, "the last lines of " + path_
                                            + " take more than "
                                            + std::to_string(bytes_max) + " bytes");
  if (!text.empty()
      && read_at(file_.get(), text.data(), text.size(), *start, io)
           != static_cast<ssize_t>(text.size()))
    return system_failure("read", path_, errno);
  return text;
}

} // namespace sluice

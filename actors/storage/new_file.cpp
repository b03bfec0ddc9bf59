#include "actors/storage/new_file.hpp"

#include "actors/storage/sync_gate.hpp"
#include "actors/storage/system_error.hpp"
#include "messages/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace sluice {

caf::expected<new_file> new_file::create(const folder& in, const std::string& name) {
  if (auto err = in.remove(name))
    return err;
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  auto path = in.path_of(name);
  unique_fd file{::open(path.c_str(), flags, in.rights().file)};
  if (!file)
    return system_failure("make", path, errno);
  return new_file{name, std::move(path), std::move(file)};
}

caf::error new_file::reserve(uint64_t bytes) {
  int result;
  do {
    result = ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(bytes));
  } while (result != 0 && errno == EINTR);
  if (result != 0 && errno != EOPNOTSUPP && errno != ENOSYS)
    return system_failure("reserve room for", path_, errno);
  return caf::none;
}

caf::error new_file::write(std::string_view bytes, io_counts& io) {
  while (!bytes.empty()) {
    auto written = ::write(file_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    ++io.writes;
    if (written <= 0)
      return system_failure("write", path_, written == 0 ? ENOSPC : errno);
    io.write_bytes += static_cast<uint64_t>(written);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return caf::none;
}

caf::error new_file::sync(io_counts& io) {
  if (const auto problem = sync_gate::all_of(file_.get())(); problem != 0)
    return system_failure("sync", path_, problem);
  ++io.syncs;
  return caf::none;
}

caf::expected<file_identity> new_file::identity() const {
  struct stat info {};
  if (::fstat(file_.get(), &info) != 0)
    return system_failure("stat", path_, errno);
  return file_identity{info.st_dev, info.st_ino};
}

/// While it is open no other file has its identity.
caf::expected<bool> new_file::is_named(const folder& in) const {
  auto there = in.find(name_);
  if (!there)
    return std::move(there.error());
  auto mine = identity();
  if (!mine)
    return std::move(mine.error());
  return *there == *mine;
}

caf::error new_file::take_place(const folder& in, const std::string& name) const {
  auto named = is_named(in);
  if (!named)
    return std::move(named.error());
  if (!*named)
    return caf::make_error(ec::disk_failed,
                           path_ + " was replaced while it was being written");
  return in.rename(name_, name);
}

void new_file::discard(const folder& in) const {
  if (auto named = is_named(in); named && *named)
    in.remove(name_);
}

} // namespace sluice

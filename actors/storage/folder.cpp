#include "actors/storage/folder.hpp"

#include "actors/storage/new_file.hpp"
#include "actors/storage/sync_gate.hpp"
#include "actors/storage/system_error.hpp"
#include "messages/error.hpp"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace sluice {

namespace {

/// Renames unless the new name is taken; some file systems cannot do it in one step.
int rename_to_free(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0)
    return 0;
  if (errno != EINVAL && errno != ENOSYS)
    return errno;
  auto there = look_at(to);
  if (!there.absent())
    return there.problem == 0 ? EEXIST : there.problem;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

} // namespace

caf::error folder::make() const {
  if (::mkdir(path_.c_str(), rights_.directory()) != 0)
    return errno == EEXIST ? caf::error{}
                           : system_failure("make directory", path_, errno);
  return sync_names(path_ + "/..");
}

caf::expected<std::vector<std::string>> folder::names() const {
  std::vector<std::string> result;
  std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path_.c_str()), ::closedir};
  if (!directory) {
    if (errno == ENOENT)
      return result;
    return system_failure("read directory", path_, errno);
  }
  errno = 0;
  while (auto* entry = ::readdir(directory.get()))
    result.emplace_back(entry->d_name);
  if (errno != 0)
    return system_failure("read directory", path_, errno);
  std::sort(result.begin(), result.end());
  return result;
}

caf::expected<std::optional<file_identity>> folder::find(const std::string& name) const {
  auto there = look_at(path_of(name));
  if (there.absent())
    return std::optional<file_identity>{};
  if (there.problem != 0)
    return system_failure("look at", path_of(name), there.problem);
  return std::optional{there.identity};
}

caf::error folder::sync() const {
  return sync_names(path_);
}

caf::error folder::rename(const std::string& from, const std::string& to) const {
  if (::rename(path_of(from).c_str(), path_of(to).c_str()) != 0)
    return system_failure("rename", path_of(from), errno);
  return caf::none;
}

caf::error folder::remove(const std::string& name) const {
  if (::unlink(path_of(name).c_str()) != 0 && errno != ENOENT)
    return system_failure("remove", path_of(name), errno);
  return caf::none;
}

caf::expected<std::string> folder::set_aside(const std::string& name,
                                             std::string_view label) const {
  constexpr int tries_max = 10'000;
  for (int i = 1; i <= tries_max; ++i) {
    auto aside = name + "." + std::string{label} + "-" + std::to_string(i);
    auto problem = rename_to_free(path_of(name), path_of(aside));
    if (problem == 0)
      return aside;
    if (problem != EEXIST)
      return system_failure("set aside", path_of(name), problem);
  }
  return system_failure("set aside", path_of(name), EEXIST);
}

caf::error folder::replace(const std::string& name, std::string_view bytes) const {
  auto beside = name + ".new";
  auto file = new_file::create(*this, beside);
  if (!file)
    return std::move(file.error());
  io_counts unused;
  if (auto err = file->write(bytes, unused))
    return err;
  if (auto err = file->sync(unused))
    return err;
  if (auto err = rename(beside, name))
    return err;
  return sync();
}

caf::error folder::write_once(const std::string& name, std::string_view bytes) const {
  auto there = find(name);
  if (!there)
    return std::move(there.error());
  return *there ? caf::error{} : replace(name, bytes);
}

caf::error check_mounted(const folder& data_dir) {
  auto id = data_dir.find("id");
  if (!id)
    return std::move(id.error());
  return *id ? caf::error{}
             : caf::make_error(ec::unavailable,
                               data_dir.path() + " is gone, or not mounted");
}

} // namespace sluice

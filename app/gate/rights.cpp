#include "app/gate/rights.hpp"

#include "actors/storage/unique_fd.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <set>

namespace sluice::gate {

namespace {

/// The kernel's own calls, where the C library has none.
int drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return static_cast<int>(syscall(SYS_capset, &header, none));
}

/// The directories that hold the files, as named and where links lead.
std::set<std::string> directories_of(const std::vector<std::string>& files) {
  namespace fs = std::filesystem;
  std::set<std::string> result;
  for (const auto& each : files) {
    std::error_code none;
    result.insert(fs::absolute(each, none).parent_path());
    result.insert(fs::canonical(each, none).parent_path());
  }
  result.erase("");
  return result;
}

/// Where that cannot be, what is renewed there is not taken, and told.
void allow_reading(int rules, const std::string& directory) {
  const unique_fd place{::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  landlock_path_beneath_attr rule{};
  rule.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE;
  rule.parent_fd = place.get();
  syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/// Landlock, with rules that allow nothing but to read what lies there. To connect to a
/// unix socket is none of the rights that it handles.
int close_the_file_system(const std::vector<std::string>& renewed) {
  landlock_ruleset_attr everything{};
  // What the first version of Landlock knows; later kernels know these too.
  everything.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  const unique_fd rules{static_cast<int>(
    syscall(SYS_landlock_create_ruleset, &everything, sizeof everything, 0))};
  if (!rules)
    return -1;
  for (const auto& each : directories_of(renewed))
    allow_reading(rules.get(), each);
  return static_cast<int>(syscall(SYS_landlock_restrict_self, rules.get(), 0));
}

} // namespace

std::vector<std::string> give_up_rights(const std::vector<std::string>& renewed) {
  std::vector<std::string> kept;
  const auto note = [&kept](int result, const char* what) {
    if (result != 0)
      kept.push_back(std::string{what} + ": " + std::strerror(errno));
  };
  const rlimit no_core{0, 0};
  note(setrlimit(RLIMIT_CORE, &no_core), "core dumps");
  note(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "being looked into");
  note(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "new privileges");
  note(close_the_file_system(renewed), "files");
  note(drop_capabilities(), "capabilities");
  return kept;
}

} // namespace sluice::gate

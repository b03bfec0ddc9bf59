#include "app/gate/rights.hpp"

#include <linux/capability.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace sluice::gate {

namespace {

/// The kernel's own calls, where the C library has none.
int drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};
  return static_cast<int>(syscall(SYS_capset, &header, none));
}

/// Landlock, with no rule that allows anything. To connect to a unix socket is none of
/// the rights that it handles.
int close_the_file_system() {
  landlock_ruleset_attr everything{};
  // What the first version of Landlock knows; later kernels know these too.
  everything.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
  const auto rules = static_cast<int>(
    syscall(SYS_landlock_create_ruleset, &everything, sizeof everything, 0));
  if (rules < 0)
    return rules;
  const auto result = static_cast<int>(syscall(SYS_landlock_restrict_self, rules, 0));
  close(rules);
  return result;
}

} // namespace

std::vector<std::string> give_up_rights() {
  std::vector<std::string> kept;
  const auto note = [&kept](int result, const char* what) {
    if (result != 0)
      kept.push_back(std::string{what} + ": " + std::strerror(errno));
  };
  const rlimit no_core{0, 0};
  note(setrlimit(RLIMIT_CORE, &no_core), "core dumps");
  note(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "being looked into");
  note(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "new privileges");
  note(close_the_file_system(), "files");
  note(drop_capabilities(), "capabilities");
  return kept;
}

} // namespace sluice::gate

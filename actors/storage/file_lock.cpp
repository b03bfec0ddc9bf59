#include "actors/storage/file_lock.hpp"

#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace sluice {

using namespace std::chrono_literals;

namespace {

constexpr auto lock_poll = 20ms;
constexpr auto ending_word = "ends";

/// Process numbers mean nothing in another one.
std::string process_namespace() {
  char name[64];
  const auto bytes = ::readlink("/proc/self/ns/pid", name, sizeof name);
  return bytes > 0 ? std::string(name, static_cast<size_t>(bytes)) : "unknown";
}

/// Whether the line of /proc/PID/status tells of a process that is dead, or will be as
/// soon as the kernel lets go of it.
bool tells_of_death(const std::string& line) {
  if (line.starts_with("State:"))
    return line.find_first_of("ZX") != line.npos;
  if (!line.starts_with("SigPnd:") && !line.starts_with("ShdPnd:"))
    return false;
  const auto pending = std::stoull(line.substr(line.find(':') + 1), nullptr, 16);
  return (pending >> (SIGKILL - 1) & 1) != 0;
}

} // namespace

bool lock_within(int fd, std::chrono::nanoseconds patience,
                 const std::function<bool()>& in_vain) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR)
      return false;
    if (std::chrono::steady_clock::now() >= deadline || (in_vain && in_vain()))
      return false;
    std::this_thread::sleep_for(lock_poll);
  }
  return true;
}

bool lock_holder::stays() const {
  if (pid == 0 || !is_here || ends)
    return false;
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  auto found = false;
  for (std::string line; std::getline(status, line); found = true)
    if (tells_of_death(line))
      return false;
  return found;
}

lock_holder read_holder(int fd) {
  char text[128];
  const auto bytes = ::pread(fd, text, sizeof text, 0);
  lock_holder result;
  std::istringstream words{std::string(text, bytes > 0 ? static_cast<size_t>(bytes) : 0)};
  std::string where;
  std::string state;
  if (!(words >> result.pid >> where >> state) || result.pid <= 0)
    return {};
  result.is_here = where == process_namespace();
  result.ends = state == ending_word;
  return result;
}

void write_holder(int fd, bool ends) {
  const auto line = std::to_string(::getpid()) + " " + process_namespace() + " "
                    + (ends ? ending_word : "runs") + "\n";
  // Of use to others alone: nothing is wrong here if it cannot be written.
  if (::ftruncate(fd, 0) != 0
      || ::pwrite(fd, line.data(), line.size(), 0) != static_cast<ssize_t>(line.size()))
    return;
}

std::string text_of(const lock_holder& x) {
  if (x.pid == 0)
    return "";
  return ", pid " + std::to_string(x.pid) + (x.is_here ? "" : " in another container")
         + (x.ends ? ", which is ending" : "");
}

} // namespace sluice

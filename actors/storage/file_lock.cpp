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
/// More than a line and a path.
constexpr size_t lines_bytes_max = 8192;

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

struct lines {
  std::string holder;
  std::string notes;
};

lines read_lines(int fd) {
  std::string text(lines_bytes_max, '\0');
  const auto bytes = ::pread(fd, text.data(), text.size(), 0);
  text.resize(bytes > 0 ? static_cast<size_t>(bytes) : 0);
  const auto end = text.find('\n');
  if (end == text.npos)
    return {text, {}};
  return {text.substr(0, end), text.substr(end + 1)};
}

/// In one call, over what is there: a kill comes before it or after it.
bool write_lines(int fd, const lines& x) {
  const auto text = x.holder + '\n' + x.notes;
  return ::pwrite(fd, text.data(), text.size(), 0) == ssize_t(text.size())
         && ::ftruncate(fd, static_cast<off_t>(text.size())) == 0;
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
  lock_holder result;
  std::istringstream words{read_lines(fd).holder};
  std::string where;
  std::string state;
  if (!(words >> result.pid >> where >> state) || result.pid <= 0)
    return {};
  result.is_here = where == process_namespace();
  result.ends = state == ending_word;
  return result;
}

void write_holder(int fd, bool ends) {
  auto lines = read_lines(fd);
  lines.holder = std::to_string(::getpid()) + " " + process_namespace() + " "
                 + (ends ? ending_word : "runs");
  // Of use to others alone: nothing is wrong here if it cannot be written.
  write_lines(fd, lines);
}

std::string read_notes(int fd) {
  return read_lines(fd).notes;
}

bool write_notes(int fd, const std::string& notes) {
  return write_lines(fd, {read_lines(fd).holder, notes});
}

std::string text_of(const lock_holder& x) {
  if (x.pid == 0)
    return "";
  return ", pid " + std::to_string(x.pid) + (x.is_here ? "" : " in another container")
         + (x.ends ? ", which is ending" : "");
}

} // namespace sluice

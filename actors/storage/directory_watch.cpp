#include "actors/storage/directory_watch.hpp"

#include <sys/inotify.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace sluice {

namespace {

constexpr uint32_t of_directory =
  IN_CREATE | IN_DELETE | IN_MOVE | IN_MOVE_SELF | IN_DONT_FOLLOW | IN_ONLYDIR;
/// None of those above can go as long as it has something in it.
constexpr uint32_t of_those_above = IN_MOVE_SELF | IN_DONT_FOLLOW | IN_ONLYDIR;

/// Notes are read by so much at once.
constexpr size_t read_bytes = 1'024;

bool is_direct(const std::filesystem::path& path) {
  std::error_code code;
  return path.is_absolute() && std::filesystem::canonical(path, code) == path && !code;
}

} // namespace

void directory_watch::begin(const std::string& path) {
  notes_ = unique_fd{};
  unique_fd notes{::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
  if (!notes || !is_direct(path))
    return;
  auto what = of_directory;
  for (std::filesystem::path each{path}; each.has_relative_path();
       each = each.parent_path()) {
    if (::inotify_add_watch(notes.get(), each.c_str(), what) < 0)
      return;
    what = of_those_above;
  }
  notes_ = std::move(notes);
}

bool directory_watch::is_quiet() {
  if (!notes_)
    return false;
  std::array<char, read_bytes> notes;
  bool quiet = true;
  while (::read(notes_.get(), notes.data(), notes.size()) > 0)
    quiet = false;
  return quiet && errno == EAGAIN;
}

} // namespace sluice

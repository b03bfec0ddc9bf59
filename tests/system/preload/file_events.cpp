// A library to preload: it notes in the file FILE_EVENTS, a line each, what the process
// makes, writes, renames, removes and syncs below the directory FILE_EVENTS_UNDER, so
// that a test can tell what a power cut would leave (`proof/file_events.py`).
#include "tests/system/preload/preload.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>

namespace {

std::string absolute(int directory, const char* path) {
  if (*path == '/')
    return path;
  std::string base;
  if (directory == AT_FDCWD) {
    char here[PATH_MAX] = {};
    base = getcwd(here, sizeof here) == nullptr ? "" : here;
  } else {
    base = preload::path_of(directory);
  }
  return base + "/" + path;
}

bool is_watched(const std::string& path) {
  static const auto* under = std::getenv("FILE_EVENTS_UNDER");
  return under != nullptr && path.starts_with(under);
}

void note(const std::string& line) {
  static const auto* path = std::getenv("FILE_EVENTS");
  static const auto real_open = preload::next<int (*)(const char*, int, ...)>("open");
  static const auto real =
    preload::next<ssize_t (*)(int, const void*, std::size_t)>("write");
  static std::mutex mutex;
  static std::string last;
  if (path == nullptr)
    return;
  const auto before = errno;
  const std::lock_guard guard{mutex};
  static const int file =
    real_open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (line != last)
    static_cast<void>(real(file, line.data(), line.size()) < 0);
  last = line;
  errno = before;
}

void note_if_watched(const char* what, const std::string& path) {
  if (is_watched(path))
    note(std::string{what} + '\t' + path + '\n');
}

template <class Result>
Result written(int descriptor, Result result) {
  if (result >= 0)
    note_if_watched("wrote", preload::path_of(descriptor));
  return result;
}

template <class Real>
int noted_sync(int descriptor, Real real) {
  static std::atomic<unsigned> count = 0;
  const auto path = preload::path_of(descriptor);
  if (!is_watched(path))
    return real(descriptor);
  const auto number = std::to_string(++count);
  note("syncing\t" + path + '\t' + number + '\n');
  const int result = real(descriptor);
  if (result == 0)
    note("synced\t" + path + '\t' + number + '\n');
  return result;
}

int noted_rename(int result, const std::string& from, const std::string& to) {
  if (result == 0 && is_watched(to))
    note("renamed\t" + from + '\t' + to + '\n');
  return result;
}

template <class Open>
int noted_open(int directory, const char* path, int flags, Open open) {
  const auto whole = absolute(directory, path);
  const auto is_new =
    (flags & O_CREAT) != 0 && faccessat(AT_FDCWD, whole.c_str(), F_OK, 0) != 0;
  const int result = open();
  if (result >= 0 && is_new)
    note_if_watched("made", whole);
  return result;
}

} // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static const auto real = preload::next<int (*)(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const auto mode = preload::mode_of(flags, rest);
  va_end(rest);
  return noted_open(AT_FDCWD, path, flags, [=] { return real(path, flags, mode); });
}

int openat(int directory, const char* path, int flags, ...) {
  static const auto real = preload::next<int (*)(int, const char*, int, ...)>("openat");
  va_list rest;
  va_start(rest, flags);
  const auto mode = preload::mode_of(flags, rest);
  va_end(rest);
  return noted_open(directory, path, flags,
                    [=] { return real(directory, path, flags, mode); });
}

int mkdir(const char* path, mode_t mode) noexcept {
  static const auto real = preload::next<int (*)(const char*, mode_t)>("mkdir");
  const int result = real(path, mode);
  if (result == 0)
    note_if_watched("made", absolute(AT_FDCWD, path));
  return result;
}

ssize_t write(int descriptor, const void* bytes, std::size_t count) {
  static const auto real =
    preload::next<ssize_t (*)(int, const void*, std::size_t)>("write");
  return written(descriptor, real(descriptor, bytes, count));
}

ssize_t pwrite64(int descriptor, const void* bytes, std::size_t count, off64_t at) {
  static const auto real =
    preload::next<ssize_t (*)(int, const void*, std::size_t, off64_t)>("pwrite64");
  return written(descriptor, real(descriptor, bytes, count, at));
}

int ftruncate(int descriptor, off_t size) noexcept {
  static const auto real = preload::next<int (*)(int, off_t)>("ftruncate");
  return written(descriptor, real(descriptor, size));
}

int rename(const char* from, const char* to) noexcept {
  static const auto real = preload::next<int (*)(const char*, const char*)>("rename");
  return noted_rename(real(from, to), absolute(AT_FDCWD, from), absolute(AT_FDCWD, to));
}

int renameat2(int from_directory, const char* from, int to_directory, const char* to,
              unsigned flags) noexcept {
  static const auto real =
    preload::next<int (*)(int, const char*, int, const char*, unsigned)>("renameat2");
  return noted_rename(real(from_directory, from, to_directory, to, flags),
                      absolute(from_directory, from), absolute(to_directory, to));
}

int unlink(const char* path) noexcept {
  static const auto real = preload::next<int (*)(const char*)>("unlink");
  const int result = real(path);
  if (result == 0)
    note_if_watched("removed", absolute(AT_FDCWD, path));
  return result;
}

int fsync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fsync");
  return noted_sync(descriptor, real);
}

int fdatasync(int descriptor) {
  static const auto real = preload::next<int (*)(int)>("fdatasync");
  return noted_sync(descriptor, real);
}
}

// What a connection does to its files, which those are, and what it wrote to them last;
// and its files without a name.
#include "actors/storage/sqlite_memory.hpp"
#include "actors/storage/sqlite_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

namespace sluice::sqlite {

void vfs::note_opened(const char* path, int flags, sqlite3_file* file) {
  if (path == nullptr)
    return;
  // VACUUM INTO opens another database beside.
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0 && database_ == nullptr) {
    database_ = file;
    opened_.path = path;
    opened_.database = stamp_of(path);
    written_ = true;
  }
  if ((flags & SQLITE_OPEN_WAL) != 0 && opened_.path + "-wal" == path)
    opened_.wal = stamp_of(path);
}

void vfs::note_index(const char* path, volatile void* index) {
  index_ = index;
  if (index != nullptr && !opened_.index)
    opened_.index = stamp_of(std::string{path} + "-shm");
}

/// The WAL is no longer used.
void vfs::note_unmapped() {
  index_ = nullptr;
  opened_.index.reset();
  opened_.wal.reset();
}

void vfs::note_closed(const sqlite3_file* file) {
  if (file != database_)
    return;
  database_ = nullptr;
  index_ = nullptr;
  opened_ = {};
  pages_.clear();
}

void vfs::note_written(const void* from, int n, int64_t at) {
  written_ = true;
  std::erase_if(pages_, [at](const page& x) { return x.at == at; });
  pages_.push_back(
    {at, std::string{static_cast<const char*>(from), static_cast<size_t>(n)}});
  if (pages_.size() > written_max)
    pages_.pop_front();
}

void vfs::note_truncated(int64_t bytes) {
  written_ = true;
  std::erase_if(pages_, [bytes](const page& x) { return x.at >= bytes; });
}

// -- syncs ----------------------------------------------------------------------

/// SQLite is in the midst of a commit. An exception would leave the frames that it has
/// written uncounted but summed up, and what it writes in their place from then on would
/// be found by nobody who opens the WAL anew.
void vfs::tell_sync(bool goes_on) {
  if (goes_on == told_of_sync_)
    return;
  try {
    on_sync_(goes_on);
    told_of_sync_ = goes_on;
  } catch (...) {
    note_lack_of_memory(0);
  }
}

// -- what is counted ------------------------------------------------------------

io_counts vfs::take() {
  if (told_of_sync_)
    tell_sync(false);
  return std::exchange(counts_, {});
}

void vfs::fail(io_operation operation, int code, uint64_t times) {
  faults_[static_cast<size_t>(operation)] = {code, times};
}

int vfs::fault_of(io_operation operation) {
  auto& x = faults_[static_cast<size_t>(operation)];
  if (x.times == 0)
    return SQLITE_OK;
  --x.times;
  return x.code;
}

void vfs::count(io_operation operation, uint64_t bytes) {
  switch (operation) {
    case io_operation::read:
      ++counts_.reads;
      counts_.read_bytes += bytes;
      break;
    case io_operation::write:
    case io_operation::sort:
      ++counts_.writes;
      counts_.write_bytes += bytes;
      break;
    case io_operation::sync:
      ++counts_.syncs;
      break;
  }
}

// -- what has failed ------------------------------------------------------------

int vfs::blame(int code, bool is_temp) {
  if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
    temp_failed_ = is_temp;
  return code;
}

/// Null if the connection's files are others'.
vfs* vfs::of(sqlite3* db) {
  sqlite3_vfs* v = nullptr;
  if (db != nullptr)
    sqlite3_file_control(db, "main", SQLITE_FCNTL_VFS_POINTER, &v);
  auto is_ours = v != nullptr && std::string_view{v->zName}.starts_with(name_begins);
  return is_ours ? static_cast<vfs*>(v->pAppData) : nullptr;
}

bool vfs::met_full_disk(sqlite3* db) {
  const auto* files = of(db);
  return files == nullptr || files->full_;
}

bool vfs::met_broken_temp_file(sqlite3* db) {
  const auto* files = of(db);
  return files != nullptr && files->temp_failed_;
}

// -- temporary files ------------------------------------------------------------

/// SQLite's file is opened by a name and loses it at once. One that a process had no time
/// to take away is in the way, and empty.
const char* vfs::temp_name() {
  if (opened_.path.empty())
    return nullptr;
  temp_name_ = opened_.path + "-temp-" + name_;
  auto* system = sqlite3_vfs_find(nullptr);
  system->xDelete(system, temp_name_.c_str(), 0);
  return temp_name_.c_str();
}

bool vfs::can_sort() {
  const auto room = std::make_unique<std::byte[]>(static_cast<size_t>(table_->szOsFile));
  auto* file = reinterpret_cast<sqlite3_file*>(room.get());
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_EXCLUSIVE
              | SQLITE_OPEN_DELETEONCLOSE | SQLITE_OPEN_TEMP_DB;
  const auto code = table_->xOpen(table_.get(), nullptr, file, flags, &flags);
  if (file->pMethods != nullptr)
    file->pMethods->xClose(file);
  return code == SQLITE_OK;
}

void vfs::limit_temp_bytes(uint64_t max) {
  temp_bytes_max_ = max;
  temp_bytes_spent_ = false;
  temp_failed_ = false;
}

bool vfs::take_temp_bytes(uint64_t bytes) {
  if (temp_bytes_ + bytes > temp_bytes_max_) {
    temp_bytes_spent_ = true;
    return false;
  }
  temp_bytes_ += bytes;
  return true;
}

// -- what was written -----------------------------------------------------------

bool vfs::take_written() {
  return std::exchange(written_, false);
}

wal_progress vfs::progress() const {
  if (index_ == nullptr)
    return {};
  // SQLite's file format: where the index keeps the WAL's salts, how many frames are in
  // the database, and how many a checkpoint set out to move.
  auto word = [this](size_t at) {
    return static_cast<const volatile uint32_t*>(index_)[at / sizeof(uint32_t)];
  };
  return {word(32), word(36), word(96), word(128)};
}

bool vfs::holds_what_was_written() const {
  if (database_ == nullptr)
    return false;
  auto is_there = [this](const page& x) {
    std::string found(x.bytes.size(), '\0');
    auto n = static_cast<int>(found.size());
    return database_->pMethods->xRead(database_, found.data(), n, x.at) == SQLITE_OK
           && found == x.bytes;
  };
  return !pages_.empty() && std::all_of(pages_.begin(), pages_.end(), is_there);
}

} // namespace sluice::sqlite

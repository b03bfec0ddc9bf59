// Which files a connection has open, and what it wrote to them last.
#include "actors/storage/sqlite_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
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

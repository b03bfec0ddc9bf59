#include "actors/storage/sqlite_vfs.hpp"

#include "actors/storage/sqlite_memory.hpp"
#include "actors/storage/system_error.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <new>

namespace sluice::sqlite {

// -- a file ---------------------------------------------------------------------

namespace {

/// Has something noted. No exception may pass through SQLite.
template <class F>
int noted(F note) {
  try {
    note();
    return SQLITE_OK;
  } catch (const std::bad_alloc&) {
    note_lack_of_memory(0);
    return SQLITE_IOERR_NOMEM;
  }
}

} // namespace

/// SQLite's view of an open file; the default VFS's own one lies right behind it.
struct counted_file {
  sqlite3_file base;
  vfs* owner;
  /// As SQLite gave it, valid as long as the file is open; null for a nameless one.
  const char* path;
  bool counted;
  bool is_wal;
  /// Whether it is one to sort in, and how large that has become.
  bool bounded;
  uint64_t bytes;

  static counted_file* of(sqlite3_file* f) { return reinterpret_cast<counted_file*>(f); }
  static sqlite3_file* real(sqlite3_file* f) {
    return reinterpret_cast<sqlite3_file*>(of(f) + 1);
  }
  static const sqlite3_io_methods* methods(sqlite3_file* f) { return real(f)->pMethods; }

  static int read(sqlite3_file* f, void* to, int n, sqlite3_int64 at);
  static int write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at);
  bool grows_to(uint64_t end);
  static int as_full(sqlite3_file* f, int code);
  static int sync(sqlite3_file* f, int flags);
  static int truncate(sqlite3_file* f, sqlite3_int64 n);
  static int map(sqlite3_file* f, int page, int size, int extend, void volatile** out);
  static int unmap(sqlite3_file* f, int remove);
  static int close(sqlite3_file* f);
  static int open(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags, int* out);
};

int counted_file::read(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  auto* x = of(f);
  if (x->counted) {
    if (auto code = x->owner->fault_of(io_operation::read))
      return code;
    x->owner->count(io_operation::read, static_cast<uint64_t>(n));
  }
  return x->owner->blame(methods(f)->xRead(real(f), to, n, at), x->bounded);
}

int counted_file::write(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  auto* x = of(f);
  if (x->bounded && !x->grows_to(static_cast<uint64_t>(at + n)))
    return SQLITE_FULL;
  if (x->counted) {
    if (auto code =
          x->owner->fault_of(x->bounded ? io_operation::sort : io_operation::write))
      return as_full(f, code);
    x->owner->count(io_operation::write, static_cast<uint64_t>(n));
    x->owner->wal_writes_ += x->is_wal ? 1 : 0;
    if (x->is_wal && at == 0) // the WAL's header
      ++x->owner->wal_restarts_;
  }
  if (f == x->owner->database_)
    if (auto code = noted([&] { x->owner->note_written(from, n, at); }))
      return code;
  return as_full(f, methods(f)->xWrite(real(f), from, n, at));
}

bool counted_file::grows_to(uint64_t end) {
  if (end <= bytes)
    return true;
  if (!owner->take_temp_bytes(end - bytes))
    return false;
  bytes = end;
  return true;
}

/// A quota and a limit on the size of files are a full disk here as everywhere else. To
/// SQLite they are a broken one, which it does not trust until it was opened anew.
int counted_file::as_full(sqlite3_file* f, int code) {
  int why = 0;
  if (code == SQLITE_IOERR_WRITE
      && methods(f)->xFileControl(real(f), SQLITE_FCNTL_LAST_ERRNO, &why) == SQLITE_OK
      && code_of_errno(why) == ec::disk_full)
    code = SQLITE_FULL;
  of(f)->owner->full_ = of(f)->owner->full_ || code == SQLITE_FULL;
  return of(f)->owner->blame(code, of(f)->bounded);
}

int counted_file::sync(sqlite3_file* f, int flags) {
  auto* x = of(f);
  if (x->counted) {
    x->owner->count(io_operation::sync, 0);
    if (auto code = x->owner->fault_of(io_operation::sync))
      return code;
  }
  x->owner->tell_sync(true);
  auto code = methods(f)->xSync(real(f), flags);
  x->owner->tell_sync(false);
  return code;
}

/// An emptied WAL is emptied on the disk too: SQLite leaves that to chance, and a power
/// cut would bring frames back that a failed sync had left older than the database.
int counted_file::truncate(sqlite3_file* f, sqlite3_int64 n) {
  auto* x = of(f);
  if (f == x->owner->database_)
    x->owner->note_truncated(n);
  auto code = methods(f)->xTruncate(real(f), n);
  if (code != SQLITE_OK || n != 0 || !x->is_wal)
    return code;
  return sync(f, SQLITE_SYNC_NORMAL);
}

int counted_file::map(sqlite3_file* f, int page, int size, int extend,
                      void volatile** out) {
  auto code = methods(f)->xShmMap(real(f), page, size, extend, out);
  auto* x = of(f);
  if (code == SQLITE_OK && page == 0 && f == x->owner->database_)
    return noted([&] { x->owner->note_index(x->path, *out); });
  return code;
}

int counted_file::unmap(sqlite3_file* f, int remove) {
  if (auto* x = of(f); f == x->owner->database_)
    x->owner->note_unmapped();
  return methods(f)->xShmUnmap(real(f), remove);
}

int counted_file::close(sqlite3_file* f) {
  auto* x = of(f);
  x->owner->note_closed(f);
  x->owner->temp_bytes_ -= x->bytes;
  return methods(f)->xClose(real(f));
}

namespace {

// -- what is passed through -----------------------------------------------------

using file = counted_file;

sqlite3_io_methods make_methods(int version) {
  sqlite3_io_methods m{};
  m.iVersion = version;
  m.xClose = file::close;
  m.xRead = file::read;
  m.xWrite = file::write;
  m.xSync = file::sync;
  m.xTruncate = file::truncate;
  m.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) {
    return file::methods(f)->xFileSize(file::real(f), n);
  };
  m.xLock = [](sqlite3_file* f, int x) {
    return file::methods(f)->xLock(file::real(f), x);
  };
  m.xUnlock = [](sqlite3_file* f, int x) {
    return file::methods(f)->xUnlock(file::real(f), x);
  };
  m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
    return file::methods(f)->xCheckReservedLock(file::real(f), out);
  };
  m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
    return file::methods(f)->xFileControl(file::real(f), op, arg);
  };
  m.xSectorSize = [](sqlite3_file* f) {
    return file::methods(f)->xSectorSize(file::real(f));
  };
  m.xDeviceCharacteristics = [](sqlite3_file* f) {
    return file::methods(f)->xDeviceCharacteristics(file::real(f));
  };
  m.xShmMap = file::map;
  m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
    return file::methods(f)->xShmLock(file::real(f), offset, n, flags);
  };
  m.xShmBarrier = [](sqlite3_file* f) { file::methods(f)->xShmBarrier(file::real(f)); };
  m.xShmUnmap = file::unmap;
  m.xFetch = [](sqlite3_file* f, sqlite3_int64 at, int n, void** out) {
    return file::methods(f)->xFetch(file::real(f), at, n, out);
  };
  m.xUnfetch = [](sqlite3_file* f, sqlite3_int64 at, void* page) {
    return file::methods(f)->xUnfetch(file::real(f), at, page);
  };
  return m;
}

/// A file offers what the default VFS's file offers, and no more.
const sqlite3_io_methods* methods_of_version(int version) {
  static const std::array<sqlite3_io_methods, 3> tables{make_methods(1), make_methods(2),
                                                        make_methods(3)};
  return &tables[static_cast<size_t>(std::clamp(version, 1, 3) - 1)];
}

sqlite3_vfs* default_vfs() {
  return sqlite3_vfs_find(nullptr);
}

void pass_through(sqlite3_vfs& v) {
  v.xDelete = [](sqlite3_vfs*, const char* name, int sync) {
    return default_vfs()->xDelete(default_vfs(), name, sync);
  };
  v.xAccess = [](sqlite3_vfs*, const char* name, int flags, int* out) {
    return default_vfs()->xAccess(default_vfs(), name, flags, out);
  };
  v.xFullPathname = [](sqlite3_vfs*, const char* name, int n, char* out) {
    return default_vfs()->xFullPathname(default_vfs(), name, n, out);
  };
  v.xRandomness = [](sqlite3_vfs*, int n, char* out) {
    return default_vfs()->xRandomness(default_vfs(), n, out);
  };
  v.xSleep = [](sqlite3_vfs*, int us) {
    return default_vfs()->xSleep(default_vfs(), us);
  };
  v.xCurrentTime = [](sqlite3_vfs*, double* out) {
    return default_vfs()->xCurrentTime(default_vfs(), out);
  };
  v.xGetLastError = [](sqlite3_vfs*, int n, char* out) {
    return default_vfs()->xGetLastError(default_vfs(), n, out);
  };
  v.xCurrentTimeInt64 = [](sqlite3_vfs*, sqlite3_int64* out) {
    return default_vfs()->xCurrentTimeInt64(default_vfs(), out);
  };
}

} // namespace

int counted_file::open(sqlite3_vfs* v, const char* name, sqlite3_file* f, int flags,
                       int* out) {
  // What a statement may have to undo is as large as what it changed, and no larger.
  constexpr int bounded_kinds =
    SQLITE_OPEN_TEMP_DB | SQLITE_OPEN_TRANSIENT_DB | SQLITE_OPEN_TEMP_JOURNAL;
  constexpr int counted_kinds = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL
                                | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL
                                | SQLITE_OPEN_SUBJOURNAL | bounded_kinds;
  auto* x = new (f) counted_file{};
  x->owner = static_cast<vfs*>(v->pAppData);
  x->counted = (flags & counted_kinds) != 0;
  x->is_wal = (flags & SQLITE_OPEN_WAL) != 0;
  x->bounded = (flags & bounded_kinds) != 0;
  x->path = name;
  const auto* opened = name;
  if (name == nullptr)
    if (auto code = noted([&] { opened = x->owner->temp_name(); }))
      return code;
  auto code = default_vfs()->xOpen(default_vfs(), opened, real(f), flags, out);
  // SQLite closes whatever has methods, even after an error. A temporary file is not
  // mapped: that would be memory and input that nobody counts.
  if (methods(f) != nullptr)
    x->base.pMethods = methods_of_version(name == nullptr ? 1 : methods(f)->iVersion);
  if (code == SQLITE_OK)
    return noted([&] { x->owner->note_opened(name, flags, f); });
  return code;
}

// -- the VFS --------------------------------------------------------------------

vfs::vfs() : table_(std::make_unique<sqlite3_vfs>()) {
  take_over_memory();
  static std::atomic<uint64_t> made{0};
  name_ = name_begins + std::to_string(++made);
  sqlite3_initialize();
  auto& v = *table_;
  v.iVersion = 2; // no system-call overrides, and no extensions to load
  v.szOsFile = static_cast<int>(sizeof(counted_file)) + default_vfs()->szOsFile;
  v.mxPathname = default_vfs()->mxPathname;
  v.zName = name_.c_str();
  v.pAppData = this;
  v.xOpen = counted_file::open;
  pass_through(v);
  sqlite3_vfs_register(table_.get(), 0);
}

vfs::~vfs() {
  sqlite3_vfs_unregister(table_.get());
}

} // namespace sluice::sqlite

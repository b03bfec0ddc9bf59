#include "actors/storage/sqlite_connection.hpp"

#include "actors/storage/regular_file.hpp"
#include "actors/storage/sqlite_error.hpp"
#include "actors/storage/sqlite_functions.hpp"
#include "actors/storage/sqlite_lookups.hpp"
#include "actors/storage/sqlite_memory.hpp"
#include "messages/error.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <climits>
#include <utility>

namespace sluice::sqlite {

namespace {

/// Operations of SQLite's machine between two looks at the time.
constexpr int operations_per_look = 1000;

int milliseconds_of(caf::timespan x) {
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(x).count();
  return static_cast<int>(std::clamp<decltype(ms)>(ms, 0, INT_MAX));
}

} // namespace

// -- opening and closing --------------------------------------------------------

caf::error connection::open(const std::string& path, access mode) {
  close();
  // SQLite would wait for whoever writes into a FIFO.
  for (const auto* each : {"", "-wal", "-shm", "-journal"})
    if (auto err = check_regular(path + each))
      return err;
  auto flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
               | (mode == access::read_only ? SQLITE_OPEN_READONLY
                                            : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  if (auto code = sqlite3_open_v2(path.c_str(), &db_, flags, files_.name())) {
    auto err = to_error(db_, code, ": " + path);
    close();
    return err;
  }
  if (auto err = harden(mode)) {
    close();
    return err;
  }
  values_.attach(db_);
  authorizer_.install(db_, deadline_, mode == access::read_write);
  sqlite3_progress_handler(
    db_, operations_per_look,
    [](void* until) { return static_cast<deadline*>(until)->has_passed() ? 1 : 0; },
    &deadline_);
  return caf::none;
}

caf::error connection::harden(access mode) {
  struct option {
    int name;
    int value;
  };
  constexpr option options[] = {
    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    // Else virtual tables, and the JSON functions of some versions, do not work within
    // triggers and views. Whoever wrote the schema, the authorizer is asked about all
    // that those do; what SQLite allows in no schema stays so.
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 1},
    {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
  };
  for (auto& x : options) {
    int taken = -1;
    if (auto code = sqlite3_db_config(db_, x.name, x.value, &taken))
      return error_of(code);
    if (taken != x.value)
      return caf::make_error(ec::unavailable, "SQLite refused the hardening option "
                                                + std::to_string(x.name));
  }
  // VACUUM attaches one. Nobody else may.
  sqlite3_limit(db_, SQLITE_LIMIT_ATTACHED, 1);
  if (auto code = install_functions(db_, deadline_))
    return error_of(code);
  if (mode == access::read_write)
    if (auto code = refuse_snippets(db_))
      return error_of(code);
  return caf::none;
}

void connection::close() {
  for (auto& cache : caches_)
    cache.clear();
  sqlite3_close_v2(db_);
  db_ = nullptr;
  enforced_ = true;
  own_alone_ = false;
  alone_ = false;
  values_.detach();
  loaded_.clear();
  wal_frames_ = -1;
}

caf::error connection::error_of(int code) const {
  // Whatever the code: beside a schema that changed meanwhile it is another one.
  if (!authorizer_.refusal().empty())
    return caf::make_error(ec::refused, "not authorized: " + authorizer_.refusal());
  if ((code & 0xff) == SQLITE_AUTH && met_lack_of_memory()) // it could not be judged
    return caf::make_error(ec::unavailable, sqlite3_errstr(SQLITE_NOMEM));
  return to_error(db_, code);
}

// -- statements -----------------------------------------------------------------

caf::expected<statement> connection::prepare(std::string_view sql, sql_origin origin) {
  if (db_ == nullptr)
    return caf::make_error(ec::unavailable, "the database is not open");
  if (auto err = run_for(origin))
    return err;
  authorizer_.expect(origin, sql);
  auto& cache = caches_[static_cast<size_t>(origin)];
  if (auto* handle = cache.find(sql)) {
    values_.fit(0);
    return statement{handle, &cache};
  }
  if (auto err = check_text(sql, origin))
    return err;
  auto keep = sql.size() <= statement_cache::sql_bytes_max;
  sqlite3_stmt* handle = nullptr;
  const char* tail = nullptr;
  auto code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                 keep ? SQLITE_PREPARE_PERSISTENT : 0, &handle, &tail);
  if (code != SQLITE_OK)
    return error_of(code);
  statement result{handle};
  if (handle == nullptr)
    return caf::make_error(ec::invalid_argument, "the SQL holds no statement");
  if (!is_blank(sql.substr(static_cast<size_t>(tail - sql.data()))))
    return caf::make_error(ec::invalid_argument,
                           "there is text after the first statement");
  auto memory = result.memory();
  values_.fit(memory - std::min(memory, 2 * sql.size())); // its text and literals
  // What changes the schema has to be compiled anew, and judged anew, each time.
  if (keep && !changes_schema() && memory <= statement_cache::memory_max)
    result.leave_to(cache, sql);
  return result;
}

caf::error connection::run(std::string_view sql) {
  auto x = prepare(sql, sql_origin::sluice);
  if (!x)
    return std::move(x.error());
  auto row = x->step();
  while (row && *row)
    row = x->step();
  return row ? caf::error{} : std::move(row.error());
}

caf::expected<std::vector<std::string>> connection::ask(std::string_view sql,
                                                        int column) {
  if (db_ == nullptr)
    return caf::make_error(ec::unavailable, "the database is not open");
  authorizer_.expect(sql_origin::sluice, sql);
  sqlite3_stmt* handle = nullptr;
  if (auto code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()), 0,
                                     &handle, nullptr))
    return error_of(code);
  statement x{handle};
  std::vector<std::string> result;
  auto row = x.step();
  for (; row && *row; row = x.step())
    result.push_back(x.text(column));
  if (!row)
    return std::move(row.error());
  return result;
}

// -- bounds ---------------------------------------------------------------------

void connection::bound(caf::timespan time, size_t value_bytes, size_t temp_bytes) {
  if (db_ == nullptr)
    return;
  deadline_.set(time);
  files_.limit_temp_bytes(temp_bytes);
  values_.bind(value_bytes);
}

void connection::unbound() {
  deadline_.clear();
  files_.unlimit_temp_bytes();
  values_.unbind();
}

int connection::last_code() const {
  return db_ == nullptr ? SQLITE_OK : sqlite3_errcode(db_) & 0xff;
}

// -- foreign keys ---------------------------------------------------------------

caf::error connection::enforce_foreign_keys(bool on) {
  enforced_ = on;
  auto code =
    sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_FKEY, on && !alone_ ? 1 : 0, nullptr);
  return code == SQLITE_OK ? caf::error{} : error_of(code);
}

caf::error connection::run_for(sql_origin origin) {
  auto alone = own_alone_ && origin == sql_origin::sluice;
  if (alone == alone_)
    return caf::none;
  if (auto code =
        sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_TRIGGER, alone ? 0 : 1, nullptr))
    return error_of(code);
  alone_ = alone;
  return enforce_foreign_keys(enforced_);
}

caf::error connection::end_deferral() {
  if (!authorizer_.take_deferral())
    return caf::none;
  auto done = ask("PRAGMA defer_foreign_keys = 0");
  return done ? caf::error{} : std::move(done.error());
}

// -- what SQLite knows ----------------------------------------------------------

bool connection::in_autocommit() const {
  return sqlite3_get_autocommit(db_) != 0;
}

bool connection::has_open_foreign_keys() const {
  int open = 0, high = 0;
  sqlite3_db_status(db_, SQLITE_DBSTATUS_DEFERRED_FKS, &open, &high, 0);
  return open != 0;
}

int64_t connection::changes() const {
  return sqlite3_changes64(db_);
}

int64_t connection::total_changes() const {
  return sqlite3_total_changes64(db_);
}

int64_t connection::last_insert_rowid() const {
  return sqlite3_last_insert_rowid(db_);
}

void connection::forget_last_insert_rowid() {
  sqlite3_set_last_insert_rowid(db_, 0);
}

connection::cache_counts connection::take_cache_counts() {
  auto take = [this](int what) {
    int now = 0, high = 0;
    if (db_ != nullptr)
      sqlite3_db_status(db_, what, &now, &high, 1);
    return static_cast<uint64_t>(now);
  };
  return {take(SQLITE_DBSTATUS_CACHE_HIT), take(SQLITE_DBSTATUS_CACHE_MISS)};
}

// -- the WAL --------------------------------------------------------------------

void connection::watch_wal() {
  sqlite3_wal_hook(
    db_,
    [](void* self, sqlite3*, const char*, int frames) {
      static_cast<connection*>(self)->wal_frames_ = frames;
      return SQLITE_OK;
    },
    this);
}

int64_t connection::take_wal_frames() {
  return std::exchange(wal_frames_, -1);
}

void connection::wait_for_locks(caf::timespan limit) {
  if (db_ != nullptr)
    sqlite3_busy_timeout(db_, milliseconds_of(limit));
}

caf::expected<checkpoint_report> connection::checkpoint(checkpoint_mode mode) {
  if (db_ == nullptr)
    return caf::make_error(ec::unavailable, "the database is not open");
  constexpr int modes[] = {SQLITE_CHECKPOINT_PASSIVE, SQLITE_CHECKPOINT_FULL,
                           SQLITE_CHECKPOINT_RESTART, SQLITE_CHECKPOINT_TRUNCATE};
  int frames = -1, done = -1;
  auto code = sqlite3_wal_checkpoint_v2(db_, nullptr, modes[static_cast<size_t>(mode)],
                                        &frames, &done);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
    return error_of(code);
  return checkpoint_report{code != SQLITE_OK, frames, done, 0};
}

} // namespace sluice::sqlite

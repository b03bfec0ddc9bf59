#include "actors/storage/sqlite_settings.hpp"

#include "actors/storage/folder.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

namespace sluice::sqlite {

namespace {

/// SQLite sets the word and reads back its index.
constexpr std::array synchronous_words =
  std::to_array<std::string_view>({"off", "normal", "full", "extra"});

/// Sets a pragma, reads it back, and compares. `key` is what a person has set, with its
/// value, for the error's text.
caf::error set(connection& db, const std::string& key, const std::string& pragma,
               const std::string& value, const std::string& expected) {
  if (auto done = db.ask("PRAGMA " + pragma + "=" + value); !done)
    return caf::make_error(code_of(done.error()), key + ": " + text_of(done.error()));
  auto found = db.ask("PRAGMA " + pragma);
  if (!found)
    return caf::make_error(code_of(found.error()), key + ": " + text_of(found.error()));
  auto taken = found->empty() ? std::string{"nothing"} : found->front();
  if (taken == expected)
    return caf::none;
  return caf::make_error(ec::invalid_setting, key + ": SQLite did not take it, its "
                                                + pragma + " is " + taken);
}

caf::error set(connection& db, const std::string& key, const std::string& pragma,
               const std::string& value) {
  return set(db, key, pragma, value, value);
}

/// What every connection needs.
caf::error set_common(connection& db, const settings& x) {
  auto cache = std::to_string(x.cache_kib);
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(x.busy_timeout);
  auto busy = std::to_string(ms.count());
  if (auto err = set(db, "sqlite.cache-kib=" + cache, "cache_size", "-" + cache))
    return err;
  if (auto err = set(db, "sqlite.busy-timeout=" + busy + "ms", "busy_timeout", busy))
    return err;
  // What does not fit into a cache goes to files, which are counted, and not into memory.
  if (auto err = set(db, "temp_store", "temp_store", "FILE", "1"))
    return err;
  // Mapped pages would be input that nobody counts.
  return set(db, "mmap_size", "mmap_size", "0");
}

caf::error set_journal(connection& db, const settings& x) {
  auto limit = std::to_string(x.journal_size_limit);
  auto key = std::string{"sqlite.wal="} + (x.wal ? "true" : "false");
  if (auto err = set(db, key, "journal_mode", x.wal ? "wal" : "delete"))
    return err;
  if (auto err =
        set(db, "sqlite.journal-size-limit=" + limit, "journal_size_limit", limit))
    return err;
  return set(db, "wal_autocheckpoint", "wal_autocheckpoint", "0");
}

/// SQLite gives a WAL or a journal the rights of the database, and the database itself
/// those that everybody's files have. So a new one is made here, empty and renamed into
/// place, before SQLite opens it: afterwards nobody else may close it.
void make_file(const settings& x) {
  if (x.path.empty() || x.path.starts_with(':'))
    return;
  const std::filesystem::path path{x.path};
  const folder in{path.has_parent_path() ? path.parent_path().string() : ".", x.rights};
  // What cannot be made here SQLite tells about.
  static_cast<void>(in.write_once(path.filename(), ""));
}

} // namespace

caf::error set_synchronous(connection& db, const std::string& word) {
  auto i = std::find(synchronous_words.begin(), synchronous_words.end(), word);
  if (i == synchronous_words.end())
    return caf::make_error(ec::invalid_setting, "sqlite.synchronous=" + word
                                                  + ": not off, normal, full or extra");
  return set(db, "sqlite.synchronous=" + word, "synchronous", word,
             std::to_string(i - synchronous_words.begin()));
}

caf::expected<sqlite_opened> open_writer(connection& db, const settings& x) {
  make_file(x);
  auto err = db.open(x.path, access::read_write);
  db.wait_for_locks(x.busy_timeout);
  if (!err)
    err = set_journal(db, x);
  if (!err)
    err = set_common(db, x);
  if (!err)
    err = set_synchronous(db, x.synchronous);
  if (err) {
    db.close();
    return caf::make_error(code_of(err), x.path + ": " + text_of(err));
  }
  db.watch_wal();
  // Each of these is what was read back a moment ago.
  return sqlite_opened{x.path, x.wal ? "wal" : "delete", x.synchronous,
                       static_cast<int64_t>(x.cache_kib)};
}

caf::error open_reader(connection& db, const settings& x) {
  auto err = db.open(x.path, access::read_only);
  if (!err)
    err = set_common(db, x);
  if (err)
    db.close();
  return err;
}

} // namespace sluice::sqlite

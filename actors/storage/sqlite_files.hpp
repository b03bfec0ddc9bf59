// Whether a database's files are still those that SQLite has open. Somebody may delete
// them, put a backup in their place or into them; SQLite itself then goes on in files
// that nobody will find again, or in a mixture.
#pragma once

#include "actors/storage/sqlite_connection.hpp"
#include "actors/storage/sqlite_stamp.hpp"

#include <optional>
#include <string>

namespace sluice::sqlite {

/// What happened to the files.
struct replacement {
  enum class kind : uint8_t {
    /// The WAL or its index are gone, and nobody else has opened the database since:
    /// the open files hold everything, and it belongs to the database that is there.
    beside,
    /// The path names another file, or none. The open files hold everything still.
    database,
    /// The database was written over, or others use a WAL of their own: what is open
    /// does not belong together any more.
    content,
  };

  kind what = kind::database;
  /// In words, with the path.
  std::string text;
};

class file_watch {
public:
  /// Takes what `files` has open for the files of `path`.
  file_watch(vfs& files, std::string path, bool wal);

  /// Asks by path only: opening and closing would drop SQLite's locks. What others do to
  /// the database through SQLite is no replacement. In place, and in WAL mode only, it
  /// is noticed by the database's time and size, when nobody's checkpoint explains them;
  /// with a rollback journal every program's commit looks the same.
  std::optional<replacement> look();

private:
  struct other_file {
    std::string path;
    /// Whether somebody has made another, rather than none being there.
    bool by_others = false;
  };

  bool is_explained(const file_stamp& now, bool by_its_pages);
  std::optional<other_file> find_other();
  bool is_cut();

  vfs& files_;
  std::string path_;
  std::string wal_path_;
  std::string index_path_;
  bool wal_;
  /// The database and the WAL when they were last known to be right.
  file_stamp seen_;
  wal_progress progress_;
  int64_t wal_bytes_ = 0;
  int64_t wal_bytes_now_ = 0;
};

/// What could be saved of files that were replaced.
struct rescue {
  /// Whether the database that is there has it all.
  bool in_place = false;
  /// Where it is, or why it is nowhere; in words.
  std::string text = {};
  /// The file that holds it, or empty.
  std::string file = {};
};

/// Saves what the open files hold, closes `db`, and takes what belongs to them and would
/// be taken for the new database's away from its name. To be called when no other
/// connection of this process is open.
rescue save_and_close(connection& db, const vfs& files, const replacement& what);

/// A file that holds what was saved of files that were replaced, if there is one still.
std::optional<std::string> find_saved(const std::string& path);

/// Waits, for a while, until nobody has written to the file for a moment: a copy that is
/// on its way must not be opened.
void wait_until_settled(const std::string& path);

} // namespace sluice::sqlite

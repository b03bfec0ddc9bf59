#include "actors/storage/sqlite_error.hpp"

#include "actors/detail/short_text.hpp"
#include "actors/storage/sqlite_vfs.hpp"
#include "messages/error.hpp"

#include <sqlite3.h>

namespace sluice::sqlite {

namespace {

constexpr size_t text_bytes_max = 1024;

ec meaning_of(sqlite3* db, int extended) {
  if (extended == SQLITE_CORRUPT_VTAB)
    return ec::refused; // a virtual table's own content, not our file
  switch (extended & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
    case SQLITE_AUTH:
    case SQLITE_LOCKED:    // by the statement itself: nobody else uses our connection
    case SQLITE_INTERRUPT: // only our own time limit interrupts
      return ec::refused;
    case SQLITE_FULL: // of numbers for rows, unless it is the disk
      return vfs::met_full_disk(db) ? ec::disk_full : ec::refused;
    case SQLITE_IOERR:
      return vfs::met_broken_temp_file(db) ? ec::unavailable : ec::disk_failed;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
      return ec::disk_failed;
    default:
      return ec::unavailable;
  }
}

} // namespace

caf::error to_error(sqlite3* db, int code, const std::string& addition) {
  if (code == SQLITE_OK)
    return caf::none;
  // The connection may have moved on to another error; then the code speaks alone.
  auto current = db != nullptr && (sqlite3_errcode(db) & 0xff) == (code & 0xff);
  if (current)
    code = sqlite3_extended_errcode(db);
  std::string text = current ? sqlite3_errmsg(db) : sqlite3_errstr(code);
  detail::shorten(text, text_bytes_max); // it may quote a value, however large
  if ((code & 0xff) == SQLITE_INTERRUPT)
    text = late_text;
  if ((code & 0xff) == SQLITE_IOERR)
    text += " (" + std::to_string(code) + ")";
  return caf::make_error(meaning_of(db, code), text + addition);
}

} // namespace sluice::sqlite

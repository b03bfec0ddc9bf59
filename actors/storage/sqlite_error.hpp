// SQLite's result codes, translated once into the codes that actors answer with.
#pragma once

#include <caf/error.hpp>

#include <string>

struct sqlite3;

namespace sluice::sqlite {

/// What is said of a statement that was ended.
constexpr auto late_text = "the statement ran over its time limit";

/// Returns what `code` means, with SQLite's own words: `refused` where the statement
/// is at fault by SQLite's own word (`write_trial` tells of the rest), `disk_full`,
/// `disk_failed` (an I/O error, or a file that is not sound), `unavailable` for the rest
/// (busy, out of memory). `none` for SQLITE_OK.
caf::error to_error(sqlite3* db, int code, const std::string& addition = {});

} // namespace sluice::sqlite

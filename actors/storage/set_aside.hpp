// Where a record of the spool goes that cannot be taken up again: a line of a file for
// a person to look at, on disk before the spool lets go of it.
#pragma once

#include "actors/storage/file_rights.hpp"
#include "actors/storage/spool.hpp"

#include <caf/error.hpp>

#include <string>

namespace sluice {

inline constexpr auto set_aside_name = "set-aside.ndjson";

/// Appends `{"store","lastSeq","count","reason","data"}`, the data in hexadecimal, to
/// the file of this directory, and syncs it. `kind` is the first member's name, `name`
/// its value.
caf::error set_aside(const std::string& directory, const std::string& kind,
                     const std::string& name, const spool_record& record,
                     const std::string& reason, file_rights rights);

} // namespace sluice

// JSON that comes in, checked once at the edge.
//
// Documents are their bytes: accepted is what RFC 8259 calls JSON, in valid UTF-8, nested
// to 256, whether or not its values can be had. Only what is to become SQLite's has to.
// Everything else is `invalid_argument`, with words a client may read and the place.
#pragma once

#include "messages/credit.hpp"
#include "messages/error.hpp"
#include "messages/session_store.hpp"
#include "messages/sql.hpp"
#include "messages/sqlite_writer.hpp"

#include <caf/error.hpp>
#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::json {

/// Deepest nesting accepted of a document, be it alone or within a store or a message.
constexpr size_t depth_max = 256;

/// Whether `text` is valid UTF-8.
bool valid_utf8(std::string_view text);

/// Refuses what is not one JSON value, nested `levels` deep at most.
caf::error check_value(const std::string& text, size_t levels = depth_max);

/// Refuses what is not one JSON object (a session's document, or a patch).
caf::error check_object(const std::string& text, size_t levels = depth_max);

/// Refuses what is not one JSON value: a line within a text, with so many bytes behind it
/// that may be read. Where these are enough, the line is not copied.
caf::error check_line(std::string_view line, size_t room);

/// Refuses lines that are not each one JSON value. `text` is whole lines, each ended
/// by LF; an empty line is none. The error names the line's number, from 1.
caf::error check_lines(const std::string& text);

/// Reads an object of objects, key to document; documents keep their bytes. What becomes
/// of a body is paid for from `charge`, here and below: `overloaded` or `too_large` if
/// that is not possible.
caf::expected<std::vector<session_document>> read_store(const std::string& text,
                                                        credit charge = {});

/// Refuses a file that is not an object of objects, behind a byte order mark or without.
caf::error check_store(std::string_view text);

/// Reads `{"sql","params"?}`; parameters are an array, or an object by their names.
caf::expected<sql_statement> read_statement(const std::string& text, credit charge = {});

/// Reads `{"statements":[{"sql","params"?},...]}`.
caf::expected<sql_write> read_transaction(const std::string& text, credit charge = {});

/// Reads `{"sql","rows":[[...],...]}`, or objects for rows.
caf::expected<sql_write> read_batch(const std::string& text, credit charge = {});

/// Reads `{"mode"?}`, in either case; without one, or with no text at all, PASSIVE.
caf::expected<checkpoint_mode> read_checkpoint(const std::string& text);

/// Reads the `updatedAt` member of a checked object, in ms since 1970; -1 if it has
/// none that is a number.
int64_t updated_at_ms(const std::string& document);

} // namespace sluice::json

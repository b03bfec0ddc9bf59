// Values of SQLite's as JSON, wherever they go out: one way to write each, from which it
// is known what it was.
//
// A REAL has a point or an exponent. What JSON has no word for is an object of one
// member: `{"$blob":"base64"}`, `{"$text":"base64"}` for a TEXT that is no UTF-8, and
// `{"$real":"Infinity"}`. Parameters are taken in the same forms.
#pragma once

#include "messages/sql.hpp"

#include <string>
#include <string_view>

namespace sluice::json {

/// How integers are written: as numbers, or as strings for readers whose numbers are
/// doubles.
enum class integer_form : uint8_t { number, string };

void append_value(std::string& out, const sql_value& x,
                  integer_form integers = integer_form::number);

/// Appends `[...]`.
void append_row(std::string& out, const sql_row& row,
                integer_form integers = integer_form::number);

/// Appends `{"$blob":"base64"}`.
void append_blob(std::string& out, std::string_view bytes);

} // namespace sluice::json

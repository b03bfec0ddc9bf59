// JSON that goes out, piece by piece: strings and bytes as text that any reader takes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::json {

/// Length of the UTF-8 sequence at the front of `text`, which is not empty; 0 if it is
/// none.
size_t utf8_length(std::string_view text);

/// Appends `text` in quotes, escaped; bytes that are no UTF-8 become U+FFFD. Returns
/// whether there were none.
bool append_quoted(std::string& out, std::string_view text);

/// Appends the letters of RFC 4648, padding included.
void append_base64(std::string& out, std::string_view bytes);

} // namespace sluice::json

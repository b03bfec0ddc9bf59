// What SQLite does between two looks at the time while it compiles. It looks for each
// name in all columns of all tables that the name could mean, and asks nobody meanwhile
// if it finds none: a text in double quotes is a literal then, and a column of a NATURAL
// JOIN has no partner. How much that is can be told from the text.
#pragma once

#include "messages/sql.hpp"

#include <caf/error.hpp>

#include <cstdint>
#include <string_view>

namespace sluice::sqlite {

/// What may be compiled: `too_large` else.
caf::error check_text(std::string_view sql, sql_origin origin);

/// Bytes of the names in the SQL, each times the tables that it is looked for in, eight
/// times; and more for what stays in the schema.
uint64_t lookups_of(std::string_view sql);

/// Users' SQL beyond this could be looked at for seconds, if its tables are as wide as
/// they may be and their names as much alike.
inline constexpr uint64_t lookups_max = 10'000'000;

} // namespace sluice::sqlite

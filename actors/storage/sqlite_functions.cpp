#include "actors/storage/sqlite_functions.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

namespace sluice::sqlite {

namespace {

/// Whether the byte goes on with a character of UTF-8 that began before it.
bool goes_on(char x) {
  return (static_cast<unsigned char>(x) & 0xc0) == 0x80;
}

/// Where it is found at or behind `from`, in time that grows with the sum of both sizes.
size_t where_in(std::string_view in, std::string_view needle, size_t from) {
  if (in.empty()) // an empty blob is nowhere
    return std::string_view::npos;
  const auto* found =
    memmem(in.data() + from, in.size() - from, needle.data(), needle.size());
  return found == nullptr
           ? std::string_view::npos
           : static_cast<size_t>(static_cast<const char*>(found) - in.data());
}

// -- instr ----------------------------------------------------------------------

std::string_view blob_of(sqlite3_value* x) {
  const auto* data = static_cast<const char*>(sqlite3_value_blob(x));
  return {data, static_cast<size_t>(sqlite3_value_bytes(x))};
}

/// Text is searched by characters: a match begins where one does.
sqlite3_int64 place_of(std::string_view in, std::string_view needle, bool is_text) {
  if (needle.empty())
    return 1;
  if (is_text && goes_on(needle.front())) // only at the front is it taken for one
    return in.starts_with(needle) ? 1 : 0;
  auto at = where_in(in, needle, 0);
  if (at == std::string_view::npos)
    return 0;
  if (!is_text || at == 0)
    return static_cast<sqlite3_int64>(at) + 1;
  return 1
         + std::count_if(in.begin() + 1, in.begin() + static_cast<ptrdiff_t>(at) + 1,
                         [](char x) { return !goes_on(x); });
}

void instr(sqlite3_context* context, int, sqlite3_value** x) {
  auto is = [&](int type) {
    return std::array{sqlite3_value_type(x[0]) == type, sqlite3_value_type(x[1]) == type};
  };
  if (auto null = is(SQLITE_NULL); null[0] || null[1])
    return;
  auto blob = is(SQLITE_BLOB);
  auto both = blob[0] && blob[1];
  auto in = both ? blob_of(x[0]) : utf8_of(x[0]);
  auto needle = both ? blob_of(x[1]) : utf8_of(x[1]);
  if ((in.data() == nullptr || needle.data() == nullptr) && !both)
    return sqlite3_result_error_nomem(context);
  sqlite3_result_int64(context, place_of(in, needle, !both));
}

// -- replace --------------------------------------------------------------------

size_t times_in(std::string_view in, std::string_view needle) {
  size_t times = 0;
  for (auto at = where_in(in, needle, 0); at != std::string_view::npos;
       at = where_in(in, needle, at + needle.size()))
    ++times;
  return times;
}

void replace(sqlite3_context* context, int, sqlite3_value** x) {
  auto in = utf8_of(x[0]);
  auto what = utf8_of(x[1]);
  if (in.data() == nullptr || what.data() == nullptr)
    return;
  if (what.data()[0] == '\0')
    return sqlite3_result_value(context, x[0]);
  auto by = utf8_of(x[2]);
  if (by.data() == nullptr)
    return;
  auto size = in.size() - times_in(in, what) * what.size();
  size += times_in(in, what) * by.size();
  auto limit = sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1);
  if (size > static_cast<size_t>(limit))
    return sqlite3_result_error_toobig(context);
  auto* out = static_cast<char*>(sqlite3_malloc64(size + 1));
  if (out == nullptr)
    return sqlite3_result_error_nomem(context);
  auto* to = out;
  for (size_t from = 0; from <= in.size();) {
    auto at = std::min(where_in(in, what, from), in.size());
    to = std::copy(in.begin() + static_cast<ptrdiff_t>(from),
                   in.begin() + static_cast<ptrdiff_t>(at), to);
    if (at < in.size())
      to = std::copy(by.begin(), by.end(), to);
    from = at + (at < in.size() ? what.size() : 1);
  }
  sqlite3_result_text64(context, out, size, sqlite3_free, SQLITE_UTF8);
}

// -- trim -----------------------------------------------------------------------

/// The character that a text begins with, as SQLite tells characters apart.
std::string_view first_character(std::string_view text) {
  size_t n = 1;
  if (static_cast<unsigned char>(text.front()) >= 0xc0)
    while (n < text.size() && goes_on(text[n]))
      ++n;
  return text.substr(0, n);
}

/// Takes characters of a set off one end of a text after the other.
class trimmer {
public:
  trimmer(std::string_view set, const deadline& until)
      : set_(set.substr(0, set.find('\0'))), patience_(until) {}

  /// Returns how long a character of the set is that `has` says the end has; none is 0.
  template <class Has>
  size_t size_of_match(Has has) {
    for (auto rest = set_; !rest.empty();) {
      auto x = first_character(rest);
      if (is_late_ || (is_late_ = patience_.is_over()))
        return 0;
      if (has(x))
        return x.size();
      rest.remove_prefix(x.size());
    }
    return 0;
  }

  void trim_left(std::string_view& text) {
    while (auto n = size_of_match([&](auto x) { return text.starts_with(x); }))
      text.remove_prefix(n);
  }

  void trim_right(std::string_view& text) {
    while (auto n = size_of_match([&](auto x) { return text.ends_with(x); }))
      text.remove_suffix(n);
  }

  bool is_late() const { return is_late_; }

private:
  std::string_view set_;
  patience patience_;
  bool is_late_ = false;
};

template <bool Left, bool Right>
void trim(sqlite3_context* context, int n, sqlite3_value** x) {
  auto text = utf8_of(x[0]);
  auto set = n > 1 ? utf8_of(x[1]) : std::string_view{" "};
  if (text.data() == nullptr || set.data() == nullptr)
    return;
  trimmer at{set, *static_cast<const deadline*>(sqlite3_user_data(context))};
  if (Left)
    at.trim_left(text);
  if (Right)
    at.trim_right(text);
  if (at.is_late())
    return end_late(context);
  sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
}

} // namespace

// -- what they share ------------------------------------------------------------

std::string_view utf8_of(sqlite3_value* x) {
  // The bytes are asked for after the text, as SQLite demands.
  const auto* data = reinterpret_cast<const char*>(sqlite3_value_text(x));
  if (data == nullptr)
    return {};
  return {data, static_cast<size_t>(sqlite3_value_bytes(x))};
}

void end_late(sqlite3_context* context) {
  sqlite3_result_error_code(context, SQLITE_INTERRUPT);
}

int install_function(sqlite3* db, const char* name, int arguments, sql_function what,
                     const void* data) {
  // As SQLite's own, they may stand in indexes, and in what a schema computes.
  constexpr auto kind = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  return sqlite3_create_function_v2(db, name, arguments, kind, const_cast<void*>(data),
                                    what, nullptr, nullptr, nullptr);
}

int install_functions(sqlite3* db, const deadline& until) {
  struct row {
    const char* name;
    int arguments;
    sql_function what;
  };
  constexpr row rows[] = {
    {"instr", 2, instr},
    {"replace", 3, replace},
    {"trim", 1, trim<true, true>},
    {"trim", 2, trim<true, true>},
    {"ltrim", 1, trim<true, false>},
    {"ltrim", 2, trim<true, false>},
    {"rtrim", 1, trim<false, true>},
    {"rtrim", 2, trim<false, true>},
  };
  for (const auto& x : rows)
    if (auto code = install_function(db, x.name, x.arguments, x.what, &until))
      return code;
  if (auto code = install_matchers(db, until))
    return code;
  return install_json_patch(db);
}

} // namespace sluice::sqlite

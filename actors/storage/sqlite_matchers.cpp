// LIKE and GLOB. A pattern is matched without looking back further than to its last
// wildcard for many characters: whatever the text, if an earlier one could take more of
// it, the last one can take what is left.
#include "actors/storage/sqlite_functions.hpp"

#include <sqlite3.h>

#include <cstring>

namespace sluice::sqlite {

namespace {

/// What a kind of pattern is made of; 0 is what it does not have.
struct pattern_form {
  uint32_t many;
  uint32_t one;
  /// Begins a set of characters in GLOB; in LIKE lets the next character stand for
  /// itself.
  uint32_t special;
  bool has_sets;
  bool folds_case;
};

constexpr pattern_form like_form{'%', '_', 0, false, true};
constexpr pattern_form glob_form{'*', '?', '[', true, false};

/// Reads one character as SQLite does, which puts up with any bytes; 0 at the end.
uint32_t read(const char*& at) {
  auto byte = static_cast<unsigned char>(*at);
  if (byte == 0)
    return 0;
  ++at;
  if (byte < 0xc0)
    return byte;
  auto kept = byte < 0xe0 ? 0x1fU : byte < 0xf0 ? 0x0fU : byte < 0xf8 ? 0x07U : 0x03U;
  if (byte >= 0xfc)
    kept = byte < 0xfe ? 0x01U : 0x00U;
  auto x = byte & kept;
  for (; (static_cast<unsigned char>(*at) & 0xc0) == 0x80; ++at)
    x = (x << 6) + (static_cast<unsigned char>(*at) & 0x3f);
  auto is_none = x < 0x80 || (x & 0xfffff800) == 0xd800 || (x & 0xfffffffe) == 0xfffe;
  return is_none ? 0xfffd : x;
}

uint32_t lower(uint32_t x) {
  return x >= 'A' && x <= 'Z' ? x + ('a' - 'A') : x;
}

/// Reads a set behind its `[`, and tells whether `x` is in it. One without an end has
/// nothing in it.
bool is_in_set(uint32_t x, const char*& at) {
  auto seen = false;
  auto inverted = false;
  uint32_t before = 0;
  auto c = read(at);
  if (c == '^') {
    inverted = true;
    c = read(at);
  }
  if (c == ']') { // in front it stands for itself
    seen = x == c;
    c = read(at);
  }
  for (; c != 0 && c != ']'; c = read(at)) {
    if (c == '-' && *at != ']' && *at != '\0' && before > 0) {
      c = read(at);
      seen = seen || (x >= before && x <= c);
      before = 0;
    } else {
      seen = seen || x == c;
      before = c;
    }
  }
  return c == ']' && seen != inverted;
}

class matcher {
public:
  matcher(const pattern_form& form, const deadline& until)
      : form_(form), patience_(until) {}

  bool matches(const char* pattern, const char* text) {
    // Behind the last wildcard for many, and what it has not taken.
    const char* behind = nullptr;
    const char* rest = nullptr;
    while (true) {
      if (*pattern == '\0' && *text == '\0')
        return true;
      if (patience_.is_over()) {
        is_late_ = true;
        return false;
      }
      const auto* at = pattern;
      if (is_many(at)) {
        pattern = at;
        if (*pattern == '\0')
          return true;
        behind = pattern;
        rest = text;
        skip_to(behind, rest);
        text = rest;
        continue;
      }
      if (*text == '\0')
        return false; // nothing can take more than there is
      if (step(pattern, text))
        continue;
      if (behind == nullptr || *rest == '\0')
        return false;
      read(rest);
      skip_to(behind, rest);
      pattern = behind;
      text = rest;
    }
  }

  bool is_late() const { return is_late_; }

private:
  bool is_many(const char*& pattern) const {
    return form_.many != 0 && read(pattern) == form_.many;
  }

  /// Matches one character, and moves both on if it does.
  bool step(const char*& pattern, const char*& text) const {
    const auto* p = pattern;
    const auto* t = text;
    auto c = read(p);
    auto x = read(t);
    auto is_literal = false;
    if (c == form_.special && c != 0) {
      if (form_.has_sets) {
        if (!is_in_set(x, p))
          return false;
        pattern = p;
        text = t;
        return true;
      }
      c = read(p);
      is_literal = true;
      if (c == 0)
        return false;
    }
    auto same =
      c == x || (form_.folds_case && c < 0x80 && x < 0x80 && lower(c) == lower(x));
    if (!same && (is_literal || c == 0 || c != form_.one))
      return false;
    pattern = p;
    text = t;
    return true;
  }

  /// Moves the text on to where what is behind a wildcard may begin.
  void skip_to(const char* behind, const char*& text) const {
    const auto* p = behind;
    auto c = read(p);
    if (c == 0 || c >= 0x80 || c == form_.many || c == form_.one || c == form_.special)
      return;
    auto small = static_cast<char>(form_.folds_case ? lower(c) : c);
    auto large = form_.folds_case && small >= 'a' && small <= 'z'
                   ? static_cast<char>(small - ('a' - 'A'))
                   : small;
    const char stops[] = {small, large, '\0'};
    text += std::strcspn(text, stops);
  }

  const pattern_form& form_;
  patience patience_;
  bool is_late_ = false;
};

/// The character that a text of one character is, or 0.
uint32_t only_character(const char* text) {
  auto x = read(text);
  return *text == '\0' ? x : 0;
}

void match(sqlite3_context* context, int n, sqlite3_value** x, pattern_form form) {
  if (sqlite3_value_type(x[0]) == SQLITE_BLOB || sqlite3_value_type(x[1]) == SQLITE_BLOB)
    return sqlite3_result_int(context, 0);
  auto limit = sqlite3_limit(sqlite3_context_db_handle(context),
                             SQLITE_LIMIT_LIKE_PATTERN_LENGTH, -1);
  if (sqlite3_value_bytes(x[0]) > limit)
    return sqlite3_result_error(context, "LIKE or GLOB pattern too complex", -1);
  if (n == 3) {
    auto escape = utf8_of(x[2]);
    if (escape.data() == nullptr)
      return;
    form.special = only_character(escape.data());
    if (form.special == 0)
      return sqlite3_result_error(context, "ESCAPE expression must be a single character",
                                  -1);
    // Whatever lets others stand for themselves is no wildcard any more.
    form.many = form.many == form.special ? 0 : form.many;
    form.one = form.one == form.special ? 0 : form.one;
  }
  auto pattern = utf8_of(x[0]);
  auto text = utf8_of(x[1]);
  if (pattern.data() == nullptr || text.data() == nullptr)
    return;
  matcher m{form, *static_cast<const deadline*>(sqlite3_user_data(context))};
  auto found = m.matches(pattern.data(), text.data());
  if (m.is_late())
    return end_late(context);
  sqlite3_result_int(context, found ? 1 : 0);
}

void like(sqlite3_context* context, int n, sqlite3_value** x) {
  match(context, n, x, like_form);
}

void glob(sqlite3_context* context, int n, sqlite3_value** x) {
  match(context, n, x, glob_form);
}

} // namespace

int install_matchers(sqlite3* db, const deadline& until) {
  if (auto code = install_function(db, "like", 2, like, &until))
    return code;
  if (auto code = install_function(db, "like", 3, like, &until))
    return code;
  return install_function(db, "glob", 2, glob, &until);
}

} // namespace sluice::sqlite

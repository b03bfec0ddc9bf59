#include "actors/storage/sqlite_tokens.hpp"

#include "actors/storage/sqlite_statement.hpp"

#include <algorithm>

namespace sluice::sqlite {

namespace {

constexpr std::string_view own_prefix = "sluice_";
constexpr auto npos = std::string_view::npos;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_name_letter(char c) {
  auto x = lower(c);
  return (x >= 'a' && x <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$'
         || static_cast<unsigned char>(c) >= 0x80;
}

bool is_word(const std::optional<token>& x, std::string_view keyword) {
  return x && x->plain && same_name(x->text, keyword);
}

/// Reads what may follow `schema.`: the name itself.
std::optional<token> read_name(token_reader& from) {
  auto name = from.next();
  auto behind = from;
  if (is_word(behind.next(), ".")) {
    from.next();
    name = from.next();
  }
  return name;
}

/// What SQLite takes for true where a setting is on or off.
bool is_true(const std::string& word) {
  if (!word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return c >= '0' && c <= '9';
      }))
    return word.find_first_not_of('0') != npos;
  return same_name(word, "on") || same_name(word, "yes") || same_name(word, "true");
}

} // namespace

// -- tokens ---------------------------------------------------------------------

std::optional<token> token_reader::next() {
  rest_ = skip_blanks(rest_);
  if (rest_.empty())
    return std::nullopt;
  switch (rest_.front()) {
    case '\'':
    case '"':
    case '`':
      return take_quoted(rest_.front());
    case '[':
      return take_quoted(']');
    default:
      return take_plain();
  }
}

token token_reader::take_quoted(char end) {
  token result;
  rest_.remove_prefix(1);
  while (!rest_.empty()) {
    auto c = rest_.front();
    rest_.remove_prefix(1);
    if (c == end) {
      // A quote within is doubled; a bracket cannot be.
      if (end == ']' || rest_.empty() || rest_.front() != end)
        break;
      rest_.remove_prefix(1);
    }
    result.text += c;
  }
  return result;
}

token token_reader::take_plain() {
  auto end = std::find_if_not(rest_.begin(), rest_.end(), is_name_letter);
  auto length = std::max<size_t>(1, static_cast<size_t>(end - rest_.begin()));
  token result{std::string{rest_.substr(0, length)}, true};
  rest_.remove_prefix(length);
  return result;
}

// -- names ----------------------------------------------------------------------

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool is_own_name(std::string_view name) {
  return same_name(name.substr(0, own_prefix.size()), own_prefix);
}

bool mentions_own(std::string_view sql) {
  auto same = [](char x, char y) { return lower(x) == y; };
  return std::search(sql.begin(), sql.end(), own_prefix.begin(), own_prefix.end(), same)
         != sql.end();
}

// -- statements -----------------------------------------------------------------

bool analyzes_own(std::string_view sql) {
  // SQLite passes over a byte order mark, and statements that are empty.
  constexpr std::string_view order_mark = "\xef\xbb\xbf";
  if (sql.starts_with(order_mark))
    sql.remove_prefix(order_mark.size());
  token_reader from{sql};
  auto first = from.next();
  while (first && first->text == ";")
    first = from.next();
  if (!is_word(first, "ANALYZE"))
    return false;
  auto name = read_name(from);
  return name && is_own_name(name->text);
}

std::optional<bool> foreign_keys_set_by(std::string_view sql) {
  token_reader from{sql};
  if (!is_word(from.next(), "PRAGMA"))
    return std::nullopt;
  auto name = read_name(from);
  if (!name || !same_name(name->text, "foreign_keys"))
    return std::nullopt;
  auto sign = from.next();
  auto bracket = is_word(sign, "(");
  if (!bracket && !is_word(sign, "="))
    return std::nullopt;
  auto value = from.next();
  if (!value || (bracket && !is_word(from.next(), ")")))
    return std::nullopt;
  auto last = from.next();
  while (is_word(last, ";"))
    last = from.next();
  return last ? std::nullopt : std::optional{is_true(value->text)};
}

} // namespace sluice::sqlite

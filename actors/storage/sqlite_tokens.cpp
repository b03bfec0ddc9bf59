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

namespace {

/// Whether blanks or a comment may come first.
bool may_be_blank(std::string_view text) {
  return !text.empty()
         && (text.front() <= ' ' || text.front() == '-' || text.front() == '/');
}

/// What ends a name or a literal that begins so; NUL for one without quotes.
char closing_of(char begin) {
  switch (begin) {
    case '\'':
    case '"':
    case '`':
      return begin;
    case '[':
      return ']';
    default:
      return '\0';
  }
}

/// A quote within is doubled; a bracket cannot be.
size_t size_of_quoted(std::string_view text, char end) {
  for (auto at = text.find(end, 1); at != npos; at = text.find(end, at + 2))
    if (end == ']' || at + 1 == text.size() || text[at + 1] != end)
      return at + 1;
  return text.size();
}

/// The name of a parameter, which may have anything in brackets behind it.
size_t size_of_parameter(std::string_view text) {
  size_t at = 1;
  while (at < text.size() && (is_name_letter(text[at]) || text.substr(at, 2) == "::"))
    at += text[at] == ':' ? 2 : 1;
  if (at == 1 || at == text.size() || text[at] != '(')
    return at;
  at = std::min(text.find_first_of(" \t\n\f\r)", at), text.size());
  return at + (at < text.size() && text[at] == ')' ? 1 : 0);
}

size_t size_of_plain(std::string_view text) {
  if (text.front() == '$' || text.front() == ':' || text.front() == '@')
    return size_of_parameter(text);
  auto end = std::find_if_not(text.begin(), text.end(), is_name_letter);
  return std::max<size_t>(1, static_cast<size_t>(end - text.begin()));
}

} // namespace

std::string_view token_reader::next_as_written() {
  if (may_be_blank(rest_))
    rest_ = skip_blanks(rest_);
  if (rest_.empty())
    return {};
  auto end = closing_of(rest_.front());
  auto result =
    rest_.substr(0, end == '\0' ? size_of_plain(rest_) : size_of_quoted(rest_, end));
  rest_.remove_prefix(result.size());
  return result;
}

std::optional<token> token_reader::next() {
  auto written = next_as_written();
  if (written.empty())
    return std::nullopt;
  auto end = closing_of(written.front());
  if (end == '\0')
    return token{std::string{written}, true};
  token result;
  for (size_t i = 1; i < written.size(); ++i) {
    if (written[i] == end && ++i == written.size())
      break;
    result.text += written[i];
  }
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

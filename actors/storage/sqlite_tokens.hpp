// What SQL's text says where SQLite does not: whether ANALYZE names its table, and what a
// pragma is set to that SQLite does not hear within a transaction. Only whole tokens
// count, so that a literal, a comment or a longer name never passes for one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::sqlite {

struct token {
  /// A name or keyword, quotes removed; else one character, or the text of a literal.
  std::string text;
  /// Whether it may be a keyword: it stood without quotes.
  bool plain = false;
};

/// Takes SQL apart as SQLite's own tokenizer does, from front to end.
class token_reader {
public:
  explicit token_reader(std::string_view sql) : rest_(sql) {}

  /// The next token, blanks and comments left out; none at the end.
  std::optional<token> next();

  /// The same, as it stands in the text: quotes and all; empty at the end.
  std::string_view next_as_written();

private:
  std::string_view rest_;
};

/// What users are told who would name something so.
inline constexpr std::string_view own_names_rule =
  "names that begin with sluice_ are the service's own";

/// Compares as SQLite compares names: without case, in ASCII.
bool same_name(std::string_view a, std::string_view b);

/// Whether the name is one of the service's own.
bool is_own_name(std::string_view name);

/// Whether such a name may be somewhere in the text.
bool mentions_own(std::string_view sql);

/// Whether this is ANALYZE of an own table by its name.
bool analyzes_own(std::string_view sql);

/// What `PRAGMA foreign_keys = ...` is set to here, if this is that statement.
std::optional<bool> foreign_keys_set_by(std::string_view sql);

} // namespace sluice::sqlite

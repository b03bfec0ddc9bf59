// What SQL's text says where SQLite does not: the authorizer is not told to what name a
// table is renamed, nor which table a foreign key refers to. Only whole tokens count, so
// that a literal, a comment or a longer name never passes for one.
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

private:
  token take_quoted(char end);
  token take_plain();

  std::string_view rest_;
};

/// Compares as SQLite compares names: without case, in ASCII.
bool same_name(std::string_view a, std::string_view b);

/// Whether the name is one of the service's own.
bool is_own_name(std::string_view name);

/// Whether a table would get an own name here (ALTER TABLE ... RENAME TO), or the name
/// from which a virtual table makes such names for its helpers.
bool renames_to_own(std::string_view sql);

/// Whether a foreign key refers to an own table here.
bool references_own(std::string_view sql);

/// Whether this is ANALYZE of an own table by its name.
bool analyzes_own(std::string_view sql);

/// What `PRAGMA foreign_keys = ...` is set to here, if this is that statement.
std::optional<bool> foreign_keys_set_by(std::string_view sql);

} // namespace sluice::sqlite

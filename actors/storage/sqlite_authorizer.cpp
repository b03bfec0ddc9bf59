#include "actors/storage/sqlite_authorizer.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>

namespace sluice::sqlite {

namespace {

constexpr std::string_view own_prefix = "sluice_";

/// Pragmas that only tell, as long as they are given no value...
constexpr std::array telling_pragmas = std::to_array<std::string_view>(
  {"application_id", "auto_vacuum",       "busy_timeout",      "cache_size",
   "collation_list", "compile_options",   "data_version",      "database_list",
   "encoding",       "foreign_key_check", "foreign_keys",      "freelist_count",
   "function_list",  "integrity_check",   "journal_mode",      "journal_size_limit",
   "max_page_count", "module_list",       "page_count",        "page_size",
   "pragma_list",    "quick_check",       "schema_version",    "synchronous",
   "table_list",     "user_version",      "wal_autocheckpoint"});

/// ...and those whose value is what they are asked about.
constexpr std::array asking_pragmas = std::to_array<std::string_view>(
  {"foreign_key_check", "foreign_key_list", "index_info", "index_list", "index_xinfo",
   "integrity_check", "quick_check", "table_info", "table_list", "table_xinfo"});

/// ASCII only, as SQLite compares names.
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_letter(char a, char b) {
  return lower(a) == lower(b);
}

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same_letter);
}

bool is_own(std::string_view name) {
  return same(name.substr(0, own_prefix.size()), own_prefix);
}

bool names_own(std::string_view sql) {
  return std::search(sql.begin(), sql.end(), own_prefix.begin(), own_prefix.end(),
                     same_letter)
         != sql.end();
}

template <class List>
bool contains(const List& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(),
                     [name](std::string_view x) { return same(x, name); });
}

bool may_use_pragma(std::string_view name, std::string_view value) {
  return value.empty() ? contains(telling_pragmas, name) || contains(asking_pragmas, name)
                       : contains(asking_pragmas, name);
}

std::string_view view_of(const char* x) {
  return x == nullptr ? std::string_view{} : std::string_view{x};
}

} // namespace

void authorizer::install(sqlite3* db) {
  sqlite3_set_authorizer(db, &authorizer::ask, this);
}

void authorizer::expect(sql_origin origin, std::string_view sql) {
  origin_ = origin;
  sql_ = sql;
  refusal_.clear();
}

int authorizer::ask(void* self, int action, const char* first, const char* second,
                    const char* schema, const char*) {
  auto& x = *static_cast<authorizer*>(self);
  if (x.origin_ == sql_origin::sluice)
    return SQLITE_OK;
  auto reason = x.why_not(action, view_of(first), view_of(second), view_of(schema));
  if (reason.empty())
    return SQLITE_OK;
  x.refusal_ = std::move(reason);
  return SQLITE_DENY;
}

std::string authorizer::why_not(int action, std::string_view first,
                                std::string_view second, std::string_view schema) const {
  // Renaming a table looks through the temporary schema too; it is empty.
  auto harmless =
    action == SQLITE_READ || action == SQLITE_UPDATE || action == SQLITE_PRAGMA;
  if (same(schema, "temp") && !harmless)
    return "there are no temporary objects";
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE:
      return {};
    case SQLITE_PRAGMA:
      if (may_use_pragma(first, second))
        return {};
      return "PRAGMA " + std::string{first} + " may not be used";
    case SQLITE_FUNCTION: // with a pointer in hand, the tokenizer runs any code
      if (same(second, "load_extension") || same(second, "fts3_tokenizer"))
        return "the function " + std::string{second} + " may not be used";
      return {};
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return "transactions are the service's own";
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return "no other database file may be used";
    case SQLITE_ALTER_TABLE: // is not told the new name; a name is one token of the text
      if (is_own(second) || names_own(sql_))
        return "names that begin with sluice_ are the service's own";
      return {};
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      if (is_own(first))
        return "names that begin with sluice_ are the service's own";
      return {};
    default: // what creates or drops something names it, or its table, second
      if (is_own(first) || is_own(second))
        return "names that begin with sluice_ are the service's own";
      return {};
  }
}

} // namespace sluice::sqlite

#include "actors/storage/sqlite_authorizer.hpp"

#include "actors/storage/sqlite_memory.hpp"
#include "actors/storage/sqlite_tokens.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <new>
#include <utility>

namespace sluice::sqlite {

namespace {

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

/// ...and those that belong to a migration: the first is a number of the users' own, the
/// other ends with its transaction.
constexpr std::array migrating_pragmas =
  std::to_array<std::string_view>({"defer_foreign_keys", "user_version"});

/// What tells of matches in a full text, and may do so for hours.
constexpr std::array endless_functions =
  std::to_array<std::string_view>({"highlight", "matchinfo", "offsets", "snippet"});

template <class List>
bool contains(const List& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(),
                     [name](std::string_view x) { return same_name(x, name); });
}

bool may_use_pragma(std::string_view name, std::string_view value) {
  return value.empty()
           ? contains(telling_pragmas, name) || contains(asking_pragmas, name)
           : contains(asking_pragmas, name) || contains(migrating_pragmas, name);
}

std::string_view view_of(const char* x) {
  return x == nullptr ? std::string_view{} : std::string_view{x};
}

std::string refuse_if(bool own) {
  return own ? std::string{own_names_rule} : std::string{};
}

/// Tables of SQLite's own that tell what other clients ask, or the pages themselves.
bool shows_others(std::string_view table) {
  constexpr std::string_view tables[] = {"sqlite_stmt", "sqlite_dbpage", "bytecode",
                                         "tables_used"};
  return std::any_of(std::begin(tables), std::end(tables),
                     [table](std::string_view each) { return same_name(table, each); });
}

bool is_schema_change(int action) {
  return (action >= SQLITE_CREATE_INDEX && action <= SQLITE_CREATE_VIEW)
         || (action >= SQLITE_DROP_INDEX && action <= SQLITE_DROP_VIEW)
         || action == SQLITE_ALTER_TABLE || action == SQLITE_CREATE_VTABLE
         || action == SQLITE_DROP_VTABLE;
}

} // namespace

void authorizer::install(sqlite3* db, const deadline& until, bool writes) {
  until_ = &until;
  writes_ = writes;
  sqlite3_set_authorizer(db, &authorizer::ask, this);
}

bool authorizer::take_deferral() {
  return std::exchange(deferral_, false);
}

void authorizer::expect(sql_origin origin, std::string_view sql) {
  origin_ = origin;
  sql_ = sql;
  refusal_.clear();
  changes_schema_ = false;
}

int authorizer::ask(void* self, int action, const char* first, const char* second,
                    const char* schema, const char* within) noexcept {
  auto& x = *static_cast<authorizer*>(self);
  // What a trigger or a view does is the doing of whoever made it.
  if (x.origin_ == sql_origin::sluice && within == nullptr)
    return SQLITE_OK;
  // SQLite asks for each name that it has found, and it may have looked for long.
  if (x.until_->has_passed())
    return SQLITE_DENY;
  x.changes_schema_ = x.changes_schema_ || is_schema_change(action);
  std::string reason;
  try {
    reason = x.why_not(action, view_of(first), view_of(second), view_of(schema));
  } catch (const std::bad_alloc&) { // only a reason takes memory
    note_lack_of_memory(0);
    return SQLITE_DENY;
  }
  x.deferral_ = x.deferral_
                || (action == SQLITE_PRAGMA && second != nullptr
                    && same_name(first, "defer_foreign_keys"));
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
  if (same_name(schema, "temp") && !harmless)
    return "there are no temporary objects";
  switch (action) {
    case SQLITE_READ:
      if (shows_others(first))
        return std::string{first} + " shows what others ask, and may not be read";
      return {};
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
      return {};
    case SQLITE_PRAGMA:
      if (may_use_pragma(first, second))
        return {};
      if (same_name(first, "foreign_keys"))
        return "PRAGMA foreign_keys is set by the first statements of a transaction "
               "that is not queued, or by none";
      return "PRAGMA " + std::string{first} + " may not be used";
    case SQLITE_FUNCTION: // with a pointer in hand, the tokenizer runs any code
      if (same_name(second, "load_extension") || same_name(second, "fts3_tokenizer"))
        return "the function " + std::string{second} + " may not be used";
      if (writes_ && contains(endless_functions, second))
        return "the function " + std::string{second} + " may only be used in a query";
      return {};
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
      return "transactions are the service's own";
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
      return "no other database file may be used";
    case SQLITE_ANALYZE: // plain ANALYZE looks at every table, and changes none
      return refuse_if(analyzes_own(sql_));
    case SQLITE_REINDEX: // so does plain REINDEX
      return {};
    case SQLITE_ALTER_TABLE: // the new name is judged once it is there
      return refuse_if(is_own_name(second));
    case SQLITE_CREATE_TABLE:
    case SQLITE_INSERT:
    case SQLITE_UPDATE:
    case SQLITE_DELETE:
      return refuse_if(is_own_name(first));
    case SQLITE_DROP_INDEX:   // the service has none: whatever others put on its tables
    case SQLITE_DROP_TRIGGER: // may be taken away again
      return {};
    default: // what creates or drops something names it, or its table, second
      return refuse_if(is_own_name(first) || is_own_name(second));
  }
}

} // namespace sluice::sqlite

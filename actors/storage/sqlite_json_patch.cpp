// `json_patch`, which SQLite does in time that grows with the product of the members of
// its two documents: where that would take long it is refused, else SQLite does it, on a
// connection that has its own function still.
#include "actors/storage/sqlite_functions.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <memory>
#include <string>

namespace sluice::sqlite {

namespace {

/// Pairs of members, compared in about half a second.
constexpr size_t pairs_max = 50'000'000;

/// What SQLite marks its JSON with, so that other JSON functions take it for that.
constexpr unsigned json_subtype = 'J';

/// A connection without files, for one function.
class json_patcher {
public:
  json_patcher() = default;
  ~json_patcher() {
    sqlite3_finalize(statement_);
    sqlite3_close_v2(db_);
  }
  json_patcher(const json_patcher&) = delete;
  json_patcher& operator=(const json_patcher&) = delete;

  void patch(sqlite3_context* context, std::string_view target, std::string_view by) {
    if (auto code = open())
      return sqlite3_result_error_code(context, code);
    auto limit =
      sqlite3_limit(sqlite3_context_db_handle(context), SQLITE_LIMIT_LENGTH, -1);
    sqlite3_limit(db_, SQLITE_LIMIT_LENGTH, limit);
    bind(1, target);
    bind(2, by);
    auto code = sqlite3_step(statement_);
    if (code == SQLITE_ROW)
      tell(context);
    else if ((code & 0xff) == SQLITE_ERROR)
      sqlite3_result_error(context, sqlite3_errmsg(db_), -1);
    else
      sqlite3_result_error_code(context, code);
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }

private:
  int open() {
    if (statement_ != nullptr)
      return SQLITE_OK;
    if (db_ == nullptr)
      if (auto code = sqlite3_open_v2(
            ":memory:", &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr))
        return code;
    return sqlite3_prepare_v3(db_, "SELECT json_patch(?1, ?2)", -1,
                              SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  }

  void bind(int index, std::string_view text) {
    if (text.data() != nullptr)
      sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_STATIC,
                          SQLITE_UTF8);
  }

  void tell(sqlite3_context* context) {
    sqlite3_result_value(context, sqlite3_column_value(statement_, 0));
    if (sqlite3_column_type(statement_, 0) == SQLITE_TEXT)
      sqlite3_result_subtype(context, json_subtype);
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

/// At least as many members as a document of JSON has.
size_t members_of(std::string_view json) {
  return static_cast<size_t>(std::count(json.begin(), json.end(), ':'));
}

void json_patch(sqlite3_context* context, int, sqlite3_value** x) {
  auto target = utf8_of(x[0]);
  auto by = utf8_of(x[1]);
  if (auto n = members_of(by); n > 0 && members_of(target) > pairs_max / n)
    return sqlite3_result_error(context, "json_patch: too many members to compare", -1);
  static_cast<json_patcher*>(sqlite3_user_data(context))->patch(context, target, by);
}

} // namespace

int install_json_patch(sqlite3* db) {
  auto own = std::make_unique<json_patcher>();
  // SQLite calls the destructor even if it refuses the function.
  return sqlite3_create_function_v2(
    db, "json_patch", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
    own.release(), json_patch, nullptr, nullptr,
    [](void* x) { delete static_cast<json_patcher*>(x); });
}

} // namespace sluice::sqlite

#include "actors/storage/sqlite_statement.hpp"

#include "actors/storage/sqlite_error.hpp"
#include "messages/error.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <unordered_set>
#include <utility>

namespace sluice::sqlite {

namespace {

/// Binds one value. The statement is reset before the value goes, so SQLite need not
/// copy it.
struct binder {
  sqlite3_stmt* handle;
  int index;

  int operator()(const sql_null&) const { return sqlite3_bind_null(handle, index); }
  int operator()(int64_t x) const { return sqlite3_bind_int64(handle, index, x); }
  int operator()(double x) const { return sqlite3_bind_double(handle, index, x); }
  int operator()(const std::string& x) const {
    return sqlite3_bind_text64(handle, index, x.data(), x.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  int operator()(const sql_blob& x) const {
    return sqlite3_bind_blob64(handle, index, x.bytes.data(), x.bytes.size(),
                               SQLITE_STATIC);
  }
};

size_t memory_of(sqlite3_stmt* handle) {
  return static_cast<size_t>(sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_MEMUSED, 0));
}

sql_value value_of(sqlite3_stmt* handle, int column) {
  // The bytes are asked for after the text or blob, as SQLite demands.
  auto bytes = [=](const void* data) {
    auto size = static_cast<size_t>(sqlite3_column_bytes(handle, column));
    return data == nullptr ? std::string{}
                           : std::string{static_cast<const char*>(data), size};
  };
  switch (sqlite3_column_type(handle, column)) {
    case SQLITE_INTEGER:
      return int64_t{sqlite3_column_int64(handle, column)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(handle, column);
    case SQLITE_TEXT:
      return bytes(sqlite3_column_text(handle, column));
    case SQLITE_BLOB:
      return sql_blob{bytes(sqlite3_column_blob(handle, column))};
    default:
      return sql_null{};
  }
}

} // namespace

// -- a statement ----------------------------------------------------------------

statement::statement(statement&& other) noexcept
    : handle_(std::exchange(other.handle_, nullptr)), cache_(other.cache_) {
  // nop
}

statement::~statement() {
  if (handle_ == nullptr)
    return;
  if (cache_ == nullptr) {
    sqlite3_finalize(handle_);
    return;
  }
  reset();
  cache_->look_at(handle_);
}

void statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

void statement::leave_to(statement_cache& cache, std::string_view sql) {
  cache.insert(sql, handle_);
  cache_ = &cache;
}

caf::error statement::bind(const sql_row& params, const std::vector<std::string>& names) {
  auto expected = static_cast<size_t>(sqlite3_bind_parameter_count(handle_));
  if (!names.empty() || (params.empty() && expected > 0))
    if (auto err = check_names(names))
      return err;
  if (names.empty() && params.size() != expected)
    return caf::make_error(ec::invalid_argument, "the statement takes "
                                                   + std::to_string(expected)
                                                   + " parameters, and was given "
                                                   + std::to_string(params.size()));
  for (size_t i = 0; i < params.size(); ++i) {
    auto index = names.empty() ? static_cast<int>(i) + 1
                               : sqlite3_bind_parameter_index(handle_, names[i].c_str());
    if (auto code = caf::visit(binder{handle_, index}, params[i]))
      return to_error(sqlite3_db_handle(handle_), code);
  }
  return caf::none;
}

/// Each parameter has a name and is given, and nothing else is.
caf::error statement::check_names(const std::vector<std::string>& names) const {
  const std::unordered_set<std::string_view> given{names.begin(), names.end()};
  auto expected = sqlite3_bind_parameter_count(handle_);
  for (int i = 1; i <= expected; ++i) {
    const auto* name = sqlite3_bind_parameter_name(handle_, i);
    if (name == nullptr && names.empty())
      return caf::none; // they go by position, and are counted
    if (name == nullptr)
      return invalid_argument("the statement's parameter " + std::to_string(i)
                              + " has no name: give all parameters names, or send "
                                "\"params\" as an array");
    if (given.count(name) == 0)
      return invalid_argument("the parameter " + std::string{name} + " is not given");
  }
  for (const auto& name : names)
    if (sqlite3_bind_parameter_index(handle_, name.c_str()) == 0)
      return invalid_argument("the statement has no parameter " + name
                              + "; a name is written with its ':', '@' or '$'");
  return caf::none;
}

caf::expected<bool> statement::step() {
  auto code = sqlite3_step(handle_);
  if (code == SQLITE_ROW)
    return true;
  if (code == SQLITE_DONE)
    return false;
  return to_error(sqlite3_db_handle(handle_), code);
}

bool statement::is_read_only() const {
  return sqlite3_stmt_readonly(handle_) != 0;
}

size_t statement::memory() const {
  return memory_of(handle_);
}

size_t statement::column_count() const {
  return static_cast<size_t>(sqlite3_column_count(handle_));
}

size_t statement::column_bytes() const {
  size_t result = 0;
  for (int i = 0, n = sqlite3_column_count(handle_); i < n; ++i)
    result += std::string_view{sqlite3_column_name(handle_, i)}.size();
  return result;
}

std::vector<std::string> statement::columns() const {
  std::vector<std::string> result;
  auto n = sqlite3_column_count(handle_);
  result.reserve(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i)
    result.emplace_back(sqlite3_column_name(handle_, i));
  return result;
}

sql_row statement::row() const {
  sql_row result;
  auto n = sqlite3_data_count(handle_);
  result.reserve(static_cast<size_t>(n));
  for (int i = 0; i < n; ++i)
    result.push_back(value_of(handle_, i));
  return result;
}

std::string statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return data == nullptr ? std::string{} : std::string{data};
}

// -- the cache ------------------------------------------------------------------

statement_cache::~statement_cache() {
  clear();
}

sqlite3_stmt* statement_cache::find(std::string_view sql) {
  auto i = index_.find(sql);
  if (i == index_.end())
    return nullptr;
  entries_.splice(entries_.begin(), entries_, i->second);
  return i->second->handle;
}

/// Either both have it, or none: a statement that nobody finalizes keeps its connection,
/// and whatever that has locked, after it was closed.
void statement_cache::insert(std::string_view sql, sqlite3_stmt* handle) {
  std::list<entry> one;
  one.push_front({std::string{sql}, handle});
  index_.emplace(one.front().sql, one.begin());
  entries_.splice(entries_.begin(), one);
  if (entries_.size() <= statements_max)
    return;
  index_.erase(entries_.back().sql);
  sqlite3_finalize(entries_.back().handle);
  entries_.pop_back();
}

void statement_cache::look_at(sqlite3_stmt* handle) {
  constexpr int reset = 1;
  if (sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_REPREPARE, reset) == 0
      || memory_of(handle) <= memory_max)
    return;
  auto found = std::find_if(entries_.begin(), entries_.end(),
                            [=](const entry& x) { return x.handle == handle; });
  index_.erase(found->sql);
  sqlite3_finalize(handle);
  entries_.erase(found);
}

void statement_cache::clear() {
  index_.clear();
  for (auto& x : entries_)
    sqlite3_finalize(x.handle);
  entries_.clear();
}

// -- text -----------------------------------------------------------------------

std::string_view skip_blanks(std::string_view sql) {
  constexpr std::string_view ignored = " \t\n\v\f\r";
  while (true) {
    auto begin = sql.find_first_not_of(ignored);
    if (begin == std::string_view::npos)
      return {};
    sql.remove_prefix(begin);
    std::string_view end;
    if (sql.starts_with("--"))
      end = "\n";
    else if (sql.starts_with("/*"))
      end = "*/";
    else
      return sql;
    auto last = sql.find(end, 2);
    if (last == std::string_view::npos)
      return {}; // a comment may end with the text
    sql.remove_prefix(last + end.size());
  }
}

bool is_blank(std::string_view sql) {
  for (sql = skip_blanks(sql); !sql.empty(); sql = skip_blanks(sql)) {
    if (sql.front() != ';')
      return false;
    sql.remove_prefix(1);
  }
  return true;
}

} // namespace sluice::sqlite

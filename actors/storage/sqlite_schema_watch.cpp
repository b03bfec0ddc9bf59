#include "actors/storage/sqlite_schema_watch.hpp"

#include "actors/storage/sqlite_tokens.hpp"
#include "messages/error.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::sqlite {

namespace {

/// All tables of the service's own.
constexpr std::array own_tables = std::to_array<std::string_view>(
  {"sluice_queue", "sluice_session_marks", "sluice_sessions", "sluice_sync"});

/// What an alert names, and how much of each; the rest is counted.
constexpr size_t ties_told_max = 8;
constexpr size_t tie_bytes_max = 160;

/// Names have no end of their own.
std::string in_short(const std::string& tie) {
  auto end = std::min(tie.size(), tie_bytes_max);
  while (end < tie.size() && end > 0 && (tie[end] & 0xc0) == 0x80)
    --end;
  return end == tie.size() ? tie : tie.substr(0, end) + "...";
}

std::string quoted(const std::string& name) {
  std::string result = "\"";
  for (auto c : name)
    result += c == '"' ? std::string{"\"\""} : std::string{c};
  return result + '"';
}

bool is_own_table(const std::string& kind, const std::string& name) {
  return kind == "table"
         && std::find(own_tables.begin(), own_tables.end(), name) != own_tables.end();
}

/// The first of these that was not there before, or null.
const std::string* first_new(const std::set<std::string>& now,
                             const std::set<std::string>& before) {
  auto found = std::find_if(now.begin(), now.end(),
                            [&](const std::string& x) { return before.count(x) == 0; });
  return found == now.end() ? nullptr : &*found;
}

} // namespace

caf::error schema_watch::look() {
  auto asked = db_.prepare("PRAGMA schema_version", sql_origin::sluice);
  if (!asked)
    return std::move(asked.error());
  auto row = asked->step();
  if (!row)
    return std::move(row.error());
  auto version = asked->text();
  if (version == version_)
    return caf::none;
  auto found = survey();
  if (!found)
    return std::move(found.error());
  take(std::move(*found));
  version_ = std::move(version);
  return caf::none;
}

/// The version of a schema that was made within a transaction may come again with another
/// schema, should this one be rolled back.
caf::error schema_watch::judge(size_t bytes_max) {
  auto found = survey();
  if (!found)
    return std::move(found.error());
  const auto* tied = first_new(found->ties, found_.ties);
  if (tied == nullptr)
    tied = first_new(found->names, found_.names);
  if (tied != nullptr)
    return caf::make_error(ec::refused, "not authorized: " + in_short(*tied) + ": "
                                          + std::string{own_names_rule});
  if (found->bytes > std::max(bytes_max, bytes_before_))
    return caf::make_error(ec::too_large, "with this the schema would take "
                                            + std::to_string(found->bytes)
                                            + " bytes of memory in each connection; "
                                            + std::to_string(bytes_max)
                                            + " are allowed, by sqlite.max-memory-bytes");
  take(std::move(*found));
  version_.clear();
  return caf::none;
}

void schema_watch::changing() {
  if (std::exchange(loaded_, false))
    bytes_before_ = db_.schema_bytes();
}

caf::error schema_watch::reload() {
  if (std::exchange(loaded_, true))
    return caf::none;
  auto done = db_.load_schema();
  return done ? caf::error{} : std::move(done.error());
}

void schema_watch::forget() {
  version_.clear();
  take({});
}

std::string schema_watch::ties() const {
  std::string result;
  size_t told = 0;
  for (const auto& x : found_.ties) {
    if (told++ == ties_told_max)
      return result + " and " + std::to_string(found_.ties.size() - ties_told_max)
             + " more";
    result += (result.empty() ? "" : ", ") + in_short(x);
  }
  return result;
}

void schema_watch::take(findings found) {
  found_ = std::move(found);
  db_.run_own_alone(!found_.ties.empty());
}

// -- looking --------------------------------------------------------------------

caf::expected<schema_watch::findings> schema_watch::survey() {
  auto asked = db_.prepare("SELECT type, name, tbl_name, sql FROM main.sqlite_schema",
                           sql_origin::sluice);
  if (!asked)
    return std::move(asked.error());
  findings result;
  // What a foreign key refers to is somewhere in the table's text, whatever else is.
  std::vector<std::string> suspects;
  auto row = asked->step();
  for (; row && *row; row = asked->step()) {
    auto kind = asked->text(0);
    auto name = asked->text(1);
    auto table = asked->text(2);
    auto sql = asked->text(3);
    auto what = "the " + kind + " " + name;
    if (is_own_name(name)) {
      result.names.insert(what);
      if (!is_own_table(kind, name))
        result.ties.insert(what);
    } else if (is_own_name(table) && !sql.empty()) { // without SQL it is a constraint's
      result.ties.insert(what + " on " + table);
    }
    result.has_virtual = result.has_virtual || sql.starts_with("CREATE VIRTUAL");
    if (kind == "table" && mentions_own(sql))
      suspects.push_back(std::move(name));
  }
  if (!row)
    return std::move(row.error());
  result.bytes = db_.schema_bytes();
  for (const auto& each : suspects)
    if (auto err = survey_foreign_keys(each, result.ties))
      return err;
  return result;
}

/// The pragma itself: a table of the name that its function has could stand before that.
caf::error schema_watch::survey_foreign_keys(const std::string& table,
                                             std::set<std::string>& ties) {
  constexpr int parent_column = 2;
  auto parents =
    db_.ask("PRAGMA main.foreign_key_list(" + quoted(table) + ")", parent_column);
  if (!parents)
    return std::move(parents.error());
  for (const auto& parent : *parents)
    if (is_own_name(parent) || is_own_name(table))
      ties.insert("the foreign key of " + table + " to " + parent);
  return caf::none;
}

} // namespace sluice::sqlite

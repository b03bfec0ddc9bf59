#include "actors/session/session_sql.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::session_sql {

namespace {

constexpr uint64_t numbers_max = std::numeric_limits<int64_t>::max();

sql_value number(uint64_t x) {
  return static_cast<int64_t>(x);
}

sql_statement upsert(const std::string& store, session_change& x) {
  auto bytes = number(x.key.size() + x.document.size());
  return {"INSERT INTO sluice_sessions(store, key, updated_at, bytes, document) "
          "VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT(store, key) DO UPDATE SET "
          "updated_at = excluded.updated_at, bytes = excluded.bytes, "
          "document = excluded.document WHERE document IS NOT excluded.document",
          {store, std::move(x.key), x.updated_at_ms, bytes, std::move(x.document)}};
}

/// Places count from the newest document; the key decides between equal times. A doubtful
/// time is below zero, and newer than any other.
const std::string excess_rows =
  "FROM (SELECT rowid, key, bytes, updated_at, row_number() OVER "
  "(ORDER BY updated_at < 0 DESC, abs(updated_at) DESC, key DESC) AS place "
  "FROM sluice_sessions WHERE store = ?1) "
  "WHERE updated_at BETWEEN 0 AND ?2 - 1 OR place > ?3";

sql_row excess_params(const session_prune& x) {
  return {x.store, x.older_than_ms, number(x.max_entries)};
}

} // namespace

std::vector<sql_statement> make_tables() {
  return {{"CREATE TABLE IF NOT EXISTS sluice_sessions("
           "store TEXT NOT NULL, key TEXT NOT NULL, updated_at INTEGER NOT NULL, "
           "bytes INTEGER NOT NULL, document TEXT NOT NULL, UNIQUE(store, key))",
           {}},
          {"CREATE TABLE IF NOT EXISTS sluice_session_marks("
           "store TEXT PRIMARY KEY, spool TEXT NOT NULL, seq INTEGER NOT NULL)",
           {}}};
}

sql_statement count_stores() {
  return {"SELECT store, sum(entries), sum(bytes), max(spool), max(seq) FROM ("
          "SELECT store, count(*) AS entries, sum(bytes) AS bytes, NULL AS spool, "
          "NULL AS seq FROM sluice_sessions GROUP BY store UNION ALL "
          "SELECT store, 0, 0, spool, seq FROM sluice_session_marks) GROUP BY store",
          {}};
}

sql_statement find(const std::string& store, const std::string& key) {
  return {"SELECT document FROM sluice_sessions WHERE store = ?1 AND key = ?2",
          {store, key}};
}

sql_statement whole(const std::string& store) {
  return {"SELECT key, document FROM sluice_sessions WHERE store = ?1 ORDER BY key",
          {store}};
}

sql_statement sizes(const std::string& store) {
  return {"SELECT key, bytes FROM sluice_sessions WHERE store = ?1 ORDER BY key",
          {store}};
}

sql_statement first_piece(const std::string& store, const std::string& last) {
  return {"SELECT key, document FROM sluice_sessions "
          "WHERE store = ?1 AND key <= ?2 ORDER BY key",
          {store, last}};
}

sql_statement piece(const std::string& store, const std::string& after,
                    const std::string& last) {
  return {"SELECT key, document FROM sluice_sessions "
          "WHERE store = ?1 AND key > ?2 AND key <= ?3 ORDER BY key",
          {store, after, last}};
}

sql_statement times(const std::string& store) {
  return {"SELECT key, updated_at FROM sluice_sessions WHERE store = ?1 ORDER BY key",
          {store}};
}

sql_statement set_mark(const std::string& store, const session_mark& mark) {
  return {"INSERT INTO sluice_session_marks(store, spool, seq) VALUES(?1, ?2, ?3) "
          "ON CONFLICT(store) DO UPDATE SET spool = excluded.spool, seq = excluded.seq",
          {store, mark.spool_id, number(mark.seq)}};
}

sql_statement nothing() {
  return {"SELECT 1", {}};
}

std::vector<sql_statement> changes(session_changes x) {
  std::vector<sql_statement> result;
  result.reserve(2 * x.changes.size());
  for (auto& change : x.changes) {
    result.push_back({"SELECT bytes FROM sluice_sessions WHERE store = ?1 AND key = ?2",
                      {x.store, change.key}});
    if (change.erased)
      result.push_back({"DELETE FROM sluice_sessions WHERE store = ?1 AND key = ?2",
                        {x.store, std::move(change.key)}});
    else
      result.push_back(upsert(x.store, change));
  }
  return result;
}

sql_statement excess(const session_prune& x) {
  return {"SELECT key, bytes " + excess_rows
            + " ORDER BY updated_at < 0, abs(updated_at), key",
          excess_params(x)};
}

sql_statement remove_excess(const session_prune& x) {
  auto params = excess_params(x);
  params.push_back(number(std::min(x.removes_max, numbers_max)));
  return {"DELETE FROM sluice_sessions WHERE rowid IN (SELECT rowid " + excess_rows
            + ") AND (SELECT count(*) " + excess_rows + ") <= ?4",
          std::move(params)};
}

sql_statement date_doubtful(const session_prune& x) {
  return {"UPDATE sluice_sessions SET updated_at = ?2 - doubtful.newer FROM "
          "(SELECT rowid AS place, "
          "row_number() OVER (ORDER BY updated_at, key DESC) - 1 AS newer "
          "FROM sluice_sessions WHERE store = ?1 AND updated_at < 0) AS doubtful "
          "WHERE sluice_sessions.rowid = doubtful.place",
          {x.store, x.right_now_ms}};
}

int64_t integer(const sql_value& x) {
  auto value = caf::get_if<int64_t>(&x);
  return value ? *value : 0;
}

std::string text(sql_value& x) {
  auto value = caf::get_if<std::string>(&x);
  return value ? std::move(*value) : std::string{};
}

uint64_t count(const sql_value& x) {
  auto value = integer(x);
  return value > 0 ? static_cast<uint64_t>(value) : 0;
}

} // namespace sluice::session_sql
